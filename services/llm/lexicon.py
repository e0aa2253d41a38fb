"""Closed lists of words. What is not here is a word with content."""

from services.llm.words import word_set

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "en": word_set(
        """a about above after again all also always am an and any anyway are aren't as at be because been before being
        but by can can't could couldn't did didn't do does doesn't doing don't done even ever every for from get gets
        getting go goes going gonna got had hadn't has hasn't have haven't having he he'd he'll he's her here hers him
        his how i i'd i'll i'm i've if in into is isn't it it's its just kind let let's like lot make makes many maybe
        me mean might mine more most much must my myself never no nor not now of off oh ok okay on once one only or
        other our out over own perhaps please put quite rather really right said same say says see she she'd she's
        should shouldn't since so some something sometimes somehow sort still such take than that that's the their them
        then there there's these they they're thing things think this those though through to too uh um under until up
        us very was wasn't way we we're well went were weren't what what's when where which while who why will with
        won't would wouldn't yeah yes yet you you'd you'll you're you've your yours yourself know guess suppose maybe
        actually basically honestly kinda sorta stuff anything everything nothing someone somebody everyone anyone
        nobody today tonight yesterday want wanted bit"""
    ),
    "nl": word_set(
        """aan al alle alleen als altijd ander andere ben bent bij daar daarom dan dat de deze die dit doe doen doet
        door dus echt een eens eigenlijk en er ergens erg even ga gaan gaat gaf geen gewoon haar had hadden heb hebben
        hebt heeft heel hem het hier hij hoe hun iemand iets ik in is ja je jij jou jouw jullie kan kon kun kunnen kunt
        laat maar me mee meer meestal men met mij mijn moest moet moeten na naar nee niemand niet niets nog nooit nou nu
        of om omdat onder ons onze ook op over sinds soms te tegen toch toen tot uit uh um u uw van veel vind voor waar
        waarom was wat we weer weet wel welke wel werd wie wij wil wilde willen word worden wordt zal ze zei zeg zeggen
        zegt zich zichzelf zij zijn zo zou zouden zoals misschien denk dacht best beetje ding dingen allemaal mezelf
        jezelf m'n z'n d'r 't 's 'n hè hoor oké okay oke ok even vandaag gisteren zeker natuurlijk"""
    ),
}
"""Words that carry the grammar and not the matter."""

NUMBER_WORDS = word_set(
    """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million zero
    twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien
    negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd duizend miljoen nul"""
)
"""Without "one" and "een": those are pronouns and articles far more often."""

FIRST_NAMES = word_set(
    """aaron adam adrian aisha alan albert alex alexander alice alicia alison amanda amber amir amy andrea andrew angela
    anita ann anna anne annie anthony antonio arthur ashley barbara benjamin bernard beth bianca bob brandon brian
    bruce caitlin cameron carl carla carlos carol caroline catherine charles charlie charlotte chloe chris
    christina christine christopher claire clara claudia colin connor craig cynthia daniel danielle david deborah
    dennis diana diane donald dorothy doug douglas dylan eddie edward elena eleanor eli elizabeth ella ellen elliot
    emily emma eric erica erik ethan eva evan evelyn fatima felix fiona florence frances francesca fred gabriel gary
    george georgia gerald gina gordon greg gregory hannah harold harry hassan heather helen henry howard hugo ian
    ibrahim isaac isabel isabella ivan jackson jacob jake james jamie jan jane janet jason jay jeff jeffrey
    jennifer jenny jeremy jerry jessica jill jim jimmy joan joanna joel john johnny jon jonathan jordan jose
    joseph josh joshua juan judith julia julian julie justin karen karl kate katherine kathleen katie keith kelly
    kenneth kevin kim kimberly kyle larry laura lauren lawrence leo leon leonard leslie lewis liam linda lisa logan
    louis louise lucas lucy luis luke lydia lynn madison marco margaret maria marie marilyn mario marion martha martin
    martha mary matt matthew maya megan melissa mia michael michelle miguel mike mila mohamed mohammed molly monica
    muhammad nadia nancy naomi natalie natasha nathan neil nicholas nick nicola nicole nina noah nora norman oliver
    olivia omar oscar owen pamela patricia patrick paul paula pedro peter philip phil rachel ralph raymond rebecca
    richard rita robert robin roger ronald rosa rosie ruth ryan sally sam samantha samuel sandra sara sarah scott sean
    sebastian sergio shannon sharon sheila simon sofia sonia sophia sophie stacy stanley stella stephanie stephen steve
    steven stuart susan suzanne sylvia tara ted teresa terry theo theodore theresa thomas tim timothy tina todd tom tony
    tracy tyler valerie vanessa vera veronica victoria vincent virginia walter wayne wendy william xavier yusuf
    yvonne zachary zoe
    aad aart annelies anneke anouk arjan arie bart bas bente bianka bram britt carlijn coen cor daan diederik dirk eline
    elke esmee evi femke ferdinand fleur frans frits gerard gerrit gijs hanneke hans heleen hendrik henk
    hilde ilse inge ingrid jaap janneke jasper jelle jeroen jesper joep johan johanna jolanda joost joris joyce
    jurre karin kees klaas koen lars lieke lotte maaike maarten manon margriet marieke marijke marijn marjolein
    marloes martijn matthijs mees michiel milan milou mirjam naomi niek niels noor olaf petra pieter pim
    piet quinten renate rene reinier rik roel ruben rutger ruud saskia sander sanne sem silke simone sjoerd
    stef stijn suzan sven tamara tess teun thijs thijmen thomas tijn tineke tjeerd tobias willem willemijn wim wout
    wouter yara youri yvette"""
)
"""Common enough to be met, and no ordinary word of either language."""

RELATIVES = {
    "en": word_set(
        "mother father mom mum dad brother sister son daughter wife husband partner friend boyfriend girlfriend"
    ),
    "nl": word_set("moeder vader mam pap broer zus zoon dochter vrouw man partner vriend vriendin oma opa"),
}
"""A name may follow these: "my brother Peter"."""
