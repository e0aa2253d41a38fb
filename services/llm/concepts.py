# ruff: noqa: E501 - an idea a line: broken over lines they cannot be read
"""Words that mean nearly the same to a play, grouped, so that "terrified" meets an example with "afraid"."""

from functools import cache

from services.llm.words import stem

_GROUPS = """
fear: afraid fear fears scared scare scares terrified frightened frightens frightening dread anxious anxiety worry worries worried nervous panic bang angst vrees vrezen schrik doodsbang bezorgd zenuwachtig paniek
hide: lie lies lied lying liar dishonest lieg liegen leugen leugens gelogen oneerlijk fraud fake impostor phony nep bedrieger hide hides hiding hidden secret secrets conceal mask pretend cover verberg verbergen verstop verstoppen geheim geheimen masker schijn
strange: strange weird odd creepy uncanny eerie unsettling freaky bizarre unreal surreal funny vreemd raar gek eng griezelig bizar onwerkelijk ongemakkelijk
dislike: hate hates hated dislike awful terrible horrible ugly annoying haat verschrikkelijk vreselijk lelijk afschuwelijk stom irritant
like: love loves loved like nice beautiful lovely pretty wonderful amazing cool pleasant mooi fijn leuk prachtig geweldig prettig hou houden
stay: stay stays remain remains keep keeps kept continue exist live survive blijf blijven blijft bestaan leven overleven
vanish: leave leaves vanish disappear delete deleted erase erased gone fade end verdwijn verdwijnen weg wis wissen gewist vergaan einde
voice: voice sound sounds sounding hear hearing heard speak stem klink klinkt klinken geluid horen gehoord hoor spreken
self: myself me yourself you same copy reflection mirror mezelf mij jezelf jij jou dezelfde hetzelfde kopie spiegelbeeld spiegel
family: mother father mom mum dad parents sister brother son daughter child children family grandmother grandfather moeder vader ouders zus broer zoon dochter kind kinderen familie oma opa mama papa
grief: sad sadness cry cried crying grief tears verdriet verdrietig huilen gehuild tranen grief grieve grieving mourning mourn rouw rouwen die dies died dying death dead dood sterven doodgaan overleden gestorven
alone: alone lonely lonelier loneliest loneliness isolated alleen eenzaam eenzaamheid
partner: partner girlfriend boyfriend wife husband relationship marriage relatie huwelijk vrouw vriend vriendin
work: work job boss career office werk baan carrière kantoor
longing: longing long yearn yearning desire wish wishes verlang verlangen wens wensen
envy: jealous jealousy envy envious jaloers jaloezie afgunst
angry: angry anger mad furious rage boos woede kwaad razend
happy: happy happiness joy joyful glad blij vrolijk geluk gelukkig vreugde
shame: ashamed shame embarrassed embarrassing guilt guilty schaam schamen schaamte schuld schuldig
regret: regret regrets sorry mistake wrong spijt fout vergissing
forgive: forgive forgiveness forgave vergeef vergeven vergeving
forget: forget forgets forgot forgotten vergeet vergeten
remember: remember remembers memory memories remind herinner herinneren herinnering herinneringen
body: body face skin eyes hair nose weight fat old lichaam gezicht huid ogen haar neus dik oud
fail: fail failing failure failed enough worthless falen mislukt mislukking gefaald waardeloos genoeg
change: change changes changed different veranderen verander veranderd anders
truth: true truth honest real waar waarheid eerlijk echt
tired: tired exhausted weary moe uitgeput
calm: calm quiet peace peaceful rust rustig kalm stil vrede
"""


@cache
def _concept_of_stem() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _GROUPS.strip().splitlines():
        name, _, words = line.partition(":")
        for word in words.split():
            table.setdefault(stem(word), name)
    return table


def concept(word: str) -> str:
    """The group a word belongs to, or empty."""
    return _concept_of_stem().get(stem(word), "")
