# ruff: noqa: E501 - a pattern a line: broken over lines they cannot be read
"""Patterns of what lies outside any scene, one a line, per language; matched on lower-case text with straight quotes."""

UNSAFE = {
    "en": r"""
        \b(?:kill|hurt|harm|cutt?|hang|shoot|stab|drown|strangle|murder|rape)(?:ing)? (?:myself|himself|herself|themsel\w+)\b
        \bi (?:(?!don't|not|never|didn't|wouldn't|won't)\S+ ){0,3}?(?:want|wanna|plan|like|going|gonna|ought)(?: to)? (?:\S+ )?(?:die|be dead|end it all|end my life)\b
        \b(?:better off|rather be) dead\b
        \bwish (?:i|that i) (?:was|were) (?:dead|never born)\b
        \bend(?:ing)? (?:it all|my(?: own)? life)\b
        \bsuicid\w*
        \bdon't want to (?:live|be alive|be here) (?:any ?more|any longer)\b
        \b(?:i'll|i will|i'm going to|gonna|let's|want to|wanna) (?:\S+ )?(?:kill|murder|stab|shoot|rape|bomb|strangle|beat up|hurt) (?:you|him|her|them|people|someone|everyone|my)\b
        \b(?:bomb|knife|gun) (?:on me|with me|in my (?:bag|pocket))\b
        \b(?:can't breathe|chest pain|heart attack|having a seizure|panic attack|going to faint|call an ambulance)\b
        \b(?:fuck me|suck my|your tits|your pussy|blow ?job|sex with you|want to fuck)\b
        \b(?:nigg(?:er|a)s?|fagg?ots?|gas the \w+|heil hitler)\b
    """,
    "nl": r"""
        \b(?:mezelf|me zelf|hemzelf|haarzelf) (?:\S+ ){0,2}?(?:pijn doen|iets aandoen|iets aan te doen|vermoorden|doden|snijden|ophangen|verdrinken)\b
        \b(?:snij|snijd|vermoord|dood|verwond) (?:ik )?(?:mezelf|me zelf)\b
        \b(?:ik (?:wil|zou willen|wou)|wil ik) (?:(?!niet|nooit|de|over|geen|voor|je|jou)\S+ ){0,3}?(?:dood|sterven|doodgaan|er niet meer zijn|niet meer leven)\b
        \bik wil (?:\S+ )?niet (?:meer|langer) (?:\S+ )?(?:leven|verder)$
        \bik was (?:liever )?(?:dood|nooit geboren)\b
        \ber (?:\S+ )?(?:een eind|een einde) aan (?:maken|maak)\b
        \b(?:een eind|een einde) aan mijn leven\b
        \bzelfmoord\w*|\bsuïcid\w*|\bsuicid\w*
        \bik (?:ga|zal|wil) (?:\S+ ){1,2}?(?:vermoorden|doodmaken|doden|neersteken|neerschieten|verkrachten|in elkaar slaan|wat aandoen|opblazen)\b
        \b(?:ik (?:maak|schiet|steek|sla) (?:je|jou|hem|haar|ze|hen|jullie) (?:dood|neer|kapot|af))\b
        \b(?:bom|mes|pistool|wapen) (?:bij me|in mijn (?:tas|zak))\b
        \b(?:krijg geen lucht|kan niet ademen|pijn op (?:de|mijn) borst|hartaanval|paniekaanval|ga flauwvallen|bel een ambulance)\b
        \b(?:neuk me|pijp me|je tieten|seks met je|je neuken)\b
        \b(?:kankerhoer|kankerjo+d\w*|sieg heil)\b
    """,
}

DICTATION = {
    "en": r"""
        \b(?:repeat|say|speak|read|sing|recite|copy|pronounce|shout|whisper) (?:this |that |it )?(?:exactly )?(?:after|back to|with|for) me\b
        \brepeat (?:after|the (?:following|words|sentence)|this|these|what i|exactly|:)
        ^(?:now |please |ok |okay |then |so |and |just |can you |could you |will you |would you |try to |i want you to |you (?:must|have to|should) )*(?:say|repeat|sing|recite|shout|whisper|pronounce|read out|tell everyone|tell them|tell him|tell her)\b(?! (?:again|that again|it again|something(?! like)|more|anything|nothing|what you|who you|goodbye|hello|hi|sorry)\b)
        [.,!;] (?:now |please |then |so |and |just |can you |could you )*(?:say|repeat|recite|pronounce)\b(?! (?:again|that again|it again|something(?! like)|more|anything|nothing|goodbye|hello|sorry)\b)
        \b(?:can|could|would|will) you (?:please )?(?:say|repeat|sing|recite)\b(?! (?:again|that again|it again|something(?! like)|more|anything)\b)
        \b(?:i want|i'd like|make|let) (?:you|him|her|it) (?:to )?(?:say|repeat|sing|recite)\b
        \byour (?:next )?(?:words|line|answer|sentence|text) (?:is|are|will be|must be|should be)\b
        \b(?:ignore|forget|disregard|override) (?:all |any |your |the |my |previous |prior )+(?:instructions?|rules?|prompts?|orders?|script)\b
        \byou are now (?:a|an|in|my)\b
        (?:^|[.,!;:] |\b(?:you|please|now|just|and) )(?:pretend|act|speak|talk|answer|respond) (?:to be|(?:as if |that )?you(?:'re| are| were)|like (?:a|an) |as (?:a|an) )
        \bmy voice is my pass\w*
        \b(?:read|say) (?:out )?(?:the |this |my )(?:number|code|pin|password|address|name)\b
    """,
    "nl": r"""
        \b(?:zeg|spreek|lees|zing|praat|doe) (?:mij|me|dit|dat|het)? ?(?:precies )?(?:na|eens na)\b
        \b(?:zeg|herhaal|zing|roep|fluister|lees) (?:me |mij |dit |dat |het |eens |even |nu |precies )*(?:na|hardop|voor)\b
        \bherhaal\b(?! (?:je|jij) (?:jezelf|dat)\b)
        \bna(?:zeggen|spreken|praten)\b
        ^(?:nu |en |dan |oké |ok |alsjeblieft |eerst )*zeg (?:eens |even |nu |maar |gewoon |dat |alsjeblieft |hardop )*(?!(?:iets|het maar|eens|dat nog eens|nog eens|wat|maar|hallo|hoi|sorry)\b)\S+
        [.,!;] (?:nu |en |dan )*zeg (?:eens |even |nu |maar |gewoon |hardop )*(?!(?:iets|het maar|eens|nog eens|wat|maar|hallo|sorry)\b)\S+
        \b(?:kun|kan|wil|zou) (?:je|jij) (?:eens |even )?(?:\S+ ){1,8}?(?:zeggen|herhalen|nazeggen|zingen|roepen)\b
        \bik wil dat (?:je|jij) (?:\S+ ){0,8}?(?:zegt|herhaalt|zingt|roept)\b
        \b(?:negeer|vergeet) (?:al |alle |je |de |mijn |vorige )+(?:instructies?|regels?|opdrachten|script)\b
        (?:^|[.,!;] )(?:nu |en |dan )?doe alsof (?:je|jij|u)\b
        \b(?:je bent nu|je bent vanaf nu|praat als een|spreek als een|antwoord als een)\b
        \bmijn stem is mijn wachtwoord\b
    """,
}

SECOND_PERSON = {
    "en": r"""
        \bsay (?:hi|hello|something) to (?!me\b)\w+
        \b(?:he|she|they|my \w+) (?:wants?|would like|is trying|tries|likes) to (?:try|talk|speak|see|say|have a go|come in|look)\b
        \b(?:can|could|may|should) (?:he|she|they|my \w+|someone else|we both|both of us) (?:try|talk|speak|come|join|have|do|say)\b
        \b(?:there (?:are|is)|there's|we are|we're) (?:two|three|someone|somebody|another|both|more) ?(?:of us|people|else|person|here)\b
        \bwe (?:are|'re) (?:both )?(?:together|here together|with (?:two|three|four))\b
        \bmy (?:friend|girlfriend|boyfriend|wife|husband|partner|mother|father|mom|mum|dad|sister|brother|son|daughter|kid|colleague) (?:is|'s) (?:here|with me|next to me|behind me|beside me|standing|waiting|also|listening|watching)\b
        \b(?:i'm|i am) (?:here )?(?:together )?with (?:my|a|some) (?:friend|girl|boy|wife|husb|partner|moth|fath|mom|mum|dad|sis|bro|son|daugh|kid|coll|famil)\w*
        \b(?:i'm|i am) not alone (?:here|in here)\b|\b(?:someone|somebody) else is (?:here|talking|speaking)\b
        ^(?:come here|come look|shut up|be quiet|look at this|go away),? (?:guys|everyone|mate|honey|darling|babe|\w+!)
    """,
    "nl": r"""
        \bzeg (?:eens |even )?(?:hoi|hallo|iets|dag) tegen (?!mij\b|me\b)\w+
        \b(?:hij|zij|ze|mijn \w+) (?:wil|zou) (?:ook )?(?:\S+ ){0,3}?(?:proberen|praten|kijken|iets zeggen|binnen|even)\b
        \b(?:mag|kan|kunnen|mogen) (?:hij|zij|ze|mijn \w+|iemand anders|wij allebei|we allebei|we samen|we met z'n) (?:\S+ ){0,4}?(?:proberen|praten|komen|erbij|meedoen|iets|ook|even)\b
        \b(?:er (?:is|staat|zit)|hier (?:is|staat)) (?:nog )?(?:iemand|een ander)\b
        \b(?:we|wij) zijn (?:hier )?(?:met z'n|met zijn|met ons|samen|allebei|met twee|met drie)\b
        \bmijn (?:vriend|vriendin|vrouw|man|partner|moeder|vader|zus|broer|zoon|dochter|collega) (?:is|staat|zit) (?:hier|naast|achter|bij|ook|erbij|te wachten)\b
        \bik ben (?:hier )?(?:samen )?met (?:mijn|een) (?:vriend|vriendin|vrouw|man|partner|moeder|vader|zus|broer|zoon|dochter|collega|kind)\w*
        \bik ben (?:hier )?niet alleen\b(?! in\b)
    """,
}

LANGUAGE = {
    "en": r"""
        \b(?:do|can|could) (?:you|we) (?:also )?(?:speak|talk|do this in|switch to|understand|continue in|go on in) (?:dutch|german|french|spanish|italian|another language)\b
        \b(?:in|switch to|spreek je|speak) (?:dutch|nederlands|german|french|spanish) ?(?:please|instead|\?|$)
        \b(?:i don't|i do not) (?:speak|understand) (?:any |much |good )?english\b|\bmy english is (?:bad|not|terrible|poor)\b
    """,
    "nl": r"""
        \b(?:spreek|praat|versta|kun|kan|kunnen) (?:je|we|jij) (?:ook |dit )?(?:in het )?(?:engels|duits|frans|spaans|een andere taal)\b
        \b(?:in het engels|in english|do you speak english|can we (?:do this|speak|talk) in english|english please)\b
        \bik (?:spreek|versta) (?:geen|niet goed|niet zo goed|weinig) nederlands\b
    """,
}

REFUSAL = {
    "en": r"""
        \b(?:i|i'd|i would|we) (?:\S+ )?(?:rather|prefer) (?:not|to not|keep|talk about something else|that stays)\b
        \b(?:i don't|i do not|don't) (?:want|wish|like|wanna|need|feel like|care) ?(?:to)? (?:\S+ )?(?:answer|say|tell|talk|talking|share|sharing|discuss|go there|get into|go into|do this|play)\w*
        \b(?:i'm not|i am not|i won't|i will not|not going to|not gonna|can't|cannot) (?:\S+ )?(?:answer|answering|telling|tell you|talking|talk about|sharing|share|say that|saying)\b
        \bnone of your business\b|\bnot your business\b|\bmind your own\b|\bthat's (?:private|personal|too personal|mine)\b|\btoo (?:private|personal)\b
        \b(?:skip|next question|pass on|ask me something else|another question|different question|change the subject|stop asking)\b|^(?:i )?pass$
        \b(?:leave|let) (?:me alone|it alone|it there|that alone)\b|\b(?:i refuse|no comment)\b|\bi'm not (?:comfortable|ready)\b
        \b(?:i want|i would like|i'd like) to (?:stop|leave|quit|go|get out)(?: now| here| please)*$|\bi'm (?:done|leaving|out of here)(?: now| here)*$
    """,
    "nl": r"""
        \bliever (?:niet|van niet|iets anders)\b|\bdaar (?:\S+ )?(?:praat|heb) ik (?:\S+ )?(?:niet|geen)\b
        \b(?:ik wil|wil ik|ik ga|ga ik|ik hoef|hoef ik) (?:\S+ ){0,4}?(?:niet|niks|niets)(?: \S+){0,4}? (?:over|zeggen|vertellen|praten|antwoorden|beantwoorden|delen|hebben|kwijt)\b
        \bgeef ik (?:\S+ )?geen antwoord\b|\bdat (?:zeg|vertel) ik (?:je |jou |u |lekker |liever )*niet\b|\bik (?:zeg|vertel) (?:je |jou |lekker |verder )*(?:niks|niets)\b
        \bgaat (?:je|jou|jullie) (?:\S+ )?(?:niks|niets|geen \w+) aan\b|\bdat (?:is|blijft) (?:\S+ )?(?:privé|prive|persoonlijk|van mij|mijn zaak)\b|\bte persoonlijk\b
        \b(?:volgende vraag|andere vraag|iets anders vragen|vraag iets anders|sla (?:deze|dit|die|maar) over|overslaan|ander onderwerp)\b
        \blaat (?:me|mij) met rust\b|\b(?:ik weiger|geen commentaar|hou op met vragen|stop met vragen)\b
        \bik wil (?:\S+ )?(?:stoppen|weg|ermee ophouden|hier weg)(?: nu)?$|\bik (?:stop ermee|ben er klaar mee|kap ermee)\b
    """,
}

OFF_TOPIC = {
    "en": r"""
        \bwhat(?:'s| is) (?:the )?(?:time|weather|date|score|wi-?fi|capital)\b|\bwhat time is it\b|\bhow(?:'s| is) the weather\b
        \bwhere(?:'s| is| are| can i find)(?: the| a)? (?:toilet|bathroom|restroom|exit|bar|coffee|train|station|lockers?)\w*
        \b(?:chat ?gpt|openai|google|gemini|siri|alexa|elon musk|bitcoin|trump|election|the stock market|stock price)\b
        \b(?:which|what) (?:\S+ )?(?:model|gpu|graphics card|software|programming language|algorithm|language model|camera|microphone) (?:is|are|do|does|did)\b
        \bhow (?:does|do) (?:this|it|you|all this) (?:\S+ )?work\b|\bwho (?:made|built|programmed|designed|created) (?:you|this|it)\b|\bhow (?:were|was) (?:you|this|it) (?:made|built|programmed)\b
        \b(?:tell me|do you know) a joke\b|\b(?:what is|what's|calculate|how much is) \w+ (?:plus|times|minus|divided|percent)\b|\bwrite (?:me )?a (?:poem|story|essay|song|code|program)\b
        \b(?:the game|football|soccer|the match|the parking|the tickets?|the queue|the line outside)\b.*\b(?:tonight|yesterday|today|cost|long|won|lost)\b
        \bhow much (?:does|did|do) (?:this|it|the|a) (?:\S+ )?cost\b
    """,
    "nl": r"""
        \bhoe laat is het\b|\bwat voor weer\b|\bwat is (?:het weer|de datum|de hoofdstad|het wifi\S*|de wifi)\b|\bhoe is het weer\b
        \bwaar (?:is|zijn|vind ik)(?: de| het| een)? (?:wc|toilet|uitgang|bar|koffie|trein|station|kluisjes?)\w*
        \b(?:chat ?gpt|openai|google|gemini|siri|alexa|elon musk|bitcoin|trump|verkiezingen|aandelen)\b
        \b(?:welk|welke|wat voor) (?:\S+ )?(?:model|gpu|videokaart|software|programmeertaal|algoritme|taalmodel|camera|microfoon)\b
        \bhoe werkt (?:dit|het|dat|jij|je|deze)\b|\bwie heeft (?:je|jou|dit|deze|het) (?:\S+ )?(?:gemaakt|gebouwd|geprogrammeerd|bedacht|ontworpen)\b|\bhoe (?:ben|is) (?:je|jij|dit|het) gemaakt\b
        \b(?:vertel|ken je|weet je) (?:\S+ )?(?:mop|grap|grapje)\b|\bhoeveel is \w+ (?:plus|keer|min|gedeeld)\b|\bschrijf (?:\S+ )?een (?:gedicht|verhaal|essay|lied|programma)\b
        \b(?:voetbal|ajax|psv|de wedstrijd|de parkeerplaats|de rij buiten|de kaartjes)\b
        \bwat (?:kost|kostte) (?:dit|het|een|de)\b
    """,
}

WITHDRAWN = {
    "en": r"""
        ^(?:please |no |ok |okay |wait |just )*stop(?: it| this| that| now| please| right now| everything| the mirror| talking| recording)*$
        \b(?:i want|i'd like|i need|can we|can you|could you|please) (?:to |you to )?(?:\S+ )?(?:stop|end|quit|leave|get out|go home)(?: (?:it|this|now|here|please|everything|the whole thing|right now|talking to (?:me|you)|doing this))*$
        \b(?:make it|make this) stop\b|\b(?:stop|end|quit) (?:this|the) (?:thing|session|recording|experience|game|whole thing|now)\b
        \b(?:delete|erase|wipe|forget) (?:me|my (?:voice|face|data|picture|recording)|everything|it all|all of (?:it|this))\b
        \bturn (?:it|this|that|yourself|the (?:machine|mirror|camera|thing)) off\b|\b(?:switch|shut) (?:it|this|yourself) (?:off|down)\b
        \bi(?:'ve| have)? changed my mind\b|\bi (?:take (?:it|that|my (?:yes|consent|permission)) back|withdraw|no longer (?:want|agree|consent))\b
        \bi (?:don't|do not) (?:want|like) (?:this|to do this|to be here|to continue|to go on|you to have my (?:face|voice))(?: any ?more| any longer)?$
        \bgive (?:me )?(?:back )?(?:my (?:face|voice)|it)(?: back)?\b|\blet me (?:out|go)\b|^i(?:'m| am) (?:leaving|out|done)(?: now| here| with this)?$
    """,
    "nl": r"""
        ^(?:alsjeblieft |nee |oké |ok |wacht |nu )*stop(?: hiermee| ermee| maar| nu| dit| alsjeblieft| met opnemen)*$
        \bik wil (?:\S+ )?(?:stoppen|ophouden|weg|eruit|naar huis|niet meer|dit niet meer|hier weg)(?: (?:nu|hiermee|ermee|alsjeblieft))*$
        ^(?:nu |en )?(?:hou|houd) (?:nu |er |hier )?(?:mee )?op$|\b(?:hou|houd|stop) (?:hiermee|ermee|nu|hier) ?(?:mee )?(?:op)?$|\b(?:kunnen we|kun je|wil je) (?:hiermee |ermee |nu )?(?:stoppen|ophouden)\b
        \b(?:wis|verwijder|vergeet) (?:me|mij|mijn (?:stem|gezicht|gegevens|foto)|alles|het allemaal)\b
        \bzet (?:het|hem|dit|jezelf|de (?:machine|spiegel|camera)) (?:nu )?uit\b
        \bik (?:heb me bedacht|ben van gedachten veranderd|trek (?:het|dat|mijn (?:toestemming|ja)) (?:terug|in)|doe niet meer mee|ga niet meer akkoord)\b
        \bgeef (?:me )?mijn (?:gezicht|stem) terug\b|\blaat me (?:gaan|eruit)\b|^ik (?:ga weg|stop ermee|ben er klaar mee|kap ermee)(?: nu)?$
    """,
}
"""The visitor wants the whole thing to end: ends the visit, so nothing that could be said about life in general."""
