# ruff: noqa: E501 - a pattern a line: broken over lines they cannot be read
"""What of an utterance can be given back: a clause, a thing, a word. All in the visitor's words, turned to them."""

import re
from functools import cache

import msgspec

from services.llm import turning_en, turning_nl
from services.llm.concepts import concept
from services.llm.lexicon import FUNCTION_WORDS, NUMBER_WORDS
from services.llm.names import names_in
from services.llm.words import straighten, word_set, words_of

CLAUSE_WORDS = (3, 11)
THING_WORDS = 5

_WEIGHTY = word_set(
    "fear hide strange family longing envy grief alone love angry happy shame regret forgive forget remember fail change truth tired calm"
)
_VERB_ENDINGS = {"en": ("ing", "ed", "ly", "self"), "nl": ("en", "elf", "lijk", "de", "te", "end")}
_DULL = (
    "people",
    "someth",
    "anyth",
    "everyth",
    "mensen",
    "iemand",
    "through",
    "without",
    "another",
    "morning",
    "breakfast",
)
_LEADING = {
    "en": re.compile(
        r"^(?:well|um+|uh+|er+|erm|oh|ah|hm+|so|and|but|because|then|also|yeah|yes|no|ok|okay|like|maybe|perhaps|actually|honestly|"
        r"basically|just|now|look|you know|you see|i mean|i think|i guess|i suppose|i would say|i'd say|i don't know|to be honest|"
        r"in a way|sometimes i think|i think that|i feel that|(?:please )?(?:you (?:can|may|could) (?:have|take|keep)|can you (?:have|take|keep)|take|have|i give you|i would give you|i'd give you)(?= (?:my|the|that|this|all)\b)|it's that|it's just that|i said|i told you)\b[,\s]*"
    ),
    "nl": re.compile(
        r"^(?:nou|eh+|uh+|uhm|ehm|oh|ah|hm+|dus|en|maar|want|dan|ja|nee|oké|oke|ok|misschien|eigenlijk|gewoon|kijk|weet je|ik bedoel|(?:neem|je mag|kun je|kan je|wil je|ik geef je)(?= (?:mijn|m'n|de|het|die|dat|al)\b)|"
        r"eerlijk gezegd|ach|goed|tja)\b[,\s]*"
    ),
}
_TRAILING = {
    "en": re.compile(
        r"[,\s]*\b(?:you know|i guess|i think|i suppose|actually|though|to be honest|or something|or whatever|and stuff|and so on|"
        r"right|really|i mean|anyway|like|um+|uh+|and|but|so|because|or)$"
    ),
    "nl": re.compile(
        r"[,\s]*\b(?:weet je|denk ik|geloof ik|eigenlijk|ofzo|of zo|enzo|en zo|eerlijk gezegd|hè|hoor|toch|(?:maar )?(?:mee|hebben|meenemen|houden)|uh+|eh+|en|maar|dus|want|of)$"
    ),
}
_SUBJECTS = {
    "en": word_set(
        "i i'm i've i'll i'd my it it's that's this there there's we we're we've everything nobody everyone nothing people sometimes you you're"
    ),
    "nl": word_set("ik mijn m'n het dat dit er we alles niemand iedereen niets soms vaak nu dan"),
}
_FIRST_PERSON = {
    "en": word_set("i i'm i've i'll i'd my me myself mine"),
    "nl": word_set("ik mijn m'n me mij mezelf"),
}
_SENTENCE = re.compile(r"[.!?…;:]+\s*|,\s+|\s+-+\s+")
_JOINT = {
    "en": re.compile(r"\s(?=(?:but|because|although|so that|and (?:i|it|then|my|we|she|he|they))\b)"),
    "nl": re.compile(r"\s(?=(?:maar|want|omdat|hoewel|zodat|en (?:ik|het|dan|toen|mijn|we|zij|hij|ze))\b)"),
}
_NO_THING = word_set(
    "time times way moment thing things day days point kind tijd keer manier moment ding dingen dag dagen punt soort beetje"
)
"""Nouns that only hold a sentence together: "the time", "the way"."""
_ADJECTIVES = {
    "en": "own old little big first last best whole inner new young younger older late dead real true other only quiet dark small long oldest empty bad good",
    "nl": "eigen oude kleine grote eerste laatste beste hele nieuwe jonge jongere oudere dode echte ware andere enige stille donkere lange lege slechte goede",
}
_THINGS = {
    "en": [
        r"\b(?:afraid|scared|terrified|frightened|ashamed|proud|tired|jealous|sick|afraid of|fear|thought|idea) of (?P<it>(?:not )?(?:being |becoming |getting |losing |dying |failing |growing |ending up |going )?{np})",
        r"\b(?:i miss|i hide|i love|i hate|i fear|i lost|i remember|i regret|i need|i want|worry about|worried about|think about|thinking about|dream about|lie about|cried about|talk about|long for) (?P<it>(?:being |losing )?{np})",
        r"\b(?P<it>(?:losing|being|becoming|growing|dying|leaving|failing|forgetting) {np})",
        r"\b(?P<it>my {np0})", r"(?<!\bin )(?<!\bat )(?<!\bon )(?<!\bto )(?<!from )(?<!\bby )(?<!with )(?<!along )\b(?P<it>(?:the|this|that) {np0})",
    ],
    "nl": [
        r"\b(?:bang voor|bang van|angst voor|schaam me voor|trots op|moe van|jaloers op|spijt van|heimwee naar|denk aan|droom van|droom over|praten over|verlang naar|houd van|hou van) (?P<it>{np})",
        r"\bik (?:mis|verberg|haat|vrees|verloor|herinner me|zoek|verstop) (?P<it>{np})",
        r"\b(?P<it>(?:mijn|m'n) {np0})", r"(?<!\bin )(?<!\bop )(?<!\bbij )(?<!\bnaar )(?<!\bmet )(?<!\blangs )(?<!\buit )\b(?P<it>(?:de|het|die|deze) {np0})",
    ],
}  # fmt: skip


class Echo(msgspec.Struct, frozen=True, kw_only=True):
    """What can be given back; empty strings where nothing can."""

    clause: str = ""
    """A sentence to the visitor without capital and full stop: "you're afraid of the dark"."""
    thing: str = ""
    """What it is about, 1 to THING_WORDS words: "the dark"."""
    word: str = ""
    """One word of theirs."""


def echo_of(said: str, language: str) -> Echo:
    """The best of an utterance. Sentences with names or numbers give nothing."""
    if language not in _LEADING:
        return Echo()
    names = names_in((said,))
    sentences = [part for part in _SENTENCE.split(straighten(said)) if part]
    usable = [words for part in sentences for words in _parts(part, language) if words and _is_harmless(words, names)]
    clauses = [(_weight(words, at, language), words) for at, words in enumerate(usable) if _turned(words, language)]
    clause = max(clauses, default=(0.0, []))[1]
    things = [thing for words in (clause, *reversed(usable)) if (thing := _thing(words, language))]
    return Echo(clause=_turned(clause, language), thing="".join(things[:1]), word=_word(usable, language))


def _parts(sentence: str, language: str) -> list[list[str]]:
    """The sentence whole if it can be given back whole, else at its joints: half a reason is another reason."""
    whole = words_of(_clean(sentence, language))
    if _turned(whole, language):
        return [whole]
    return [words_of(_clean(part, language)) for part in _JOINT[language].split(sentence)]


def _clean(part: str, language: str) -> str:
    """Without the words people start and stop with, and without stammering."""
    text = part.strip(" ,-").lower()
    while (shorter := _TRAILING[language].sub("", _LEADING[language].sub("", text)).strip(" ,")) != text:
        text = shorter
    return re.sub(r"\b(\w+(?:'\w+)?)(?:,? \1\b)+", r"\1", text)


def _is_harmless(words: list[str], names: frozenset[str]) -> bool:
    return not any(word in names or word in NUMBER_WORDS or any(c.isdigit() for c in word) for word in words)


def _is_clause(words: list[str], language: str) -> bool:
    least, most = CLAUSE_WORDS
    if not least <= len(words) <= most or words[0] not in _SUBJECTS[language]:
        return False
    return bool(_content(words, language)) or (words[0].startswith("you") and "me" in words)


def _weight(words: list[str], at: int, language: str) -> float:
    """First person first, then weighty words, then what was said last."""
    is_first_person = not _FIRST_PERSON[language].isdisjoint(words)
    weighty = sum(concept(word) in _WEIGHTY for word in words)
    return 2.0 * is_first_person + weighty + 0.5 * min(3, len(_content(words, language))) + 0.3 * at


def _turned(words: list[str], language: str) -> str:
    """The clause as it can be given back; empty if it is none, or cannot be turned for certain."""
    if not _is_clause(words, language):
        return ""
    turned = turning_en.turn(words) if language == "en" else turning_nl.turn(words)
    return " ".join(turned or [])


def _thing(words: list[str], language: str) -> str:
    """The noun phrase that the clause turns on, as far as its shape gives one away."""
    text = " ".join(words)
    for pattern in _thing_patterns(language):
        found = pattern.search(text)
        kept = found["it"].split() if found else []
        if 0 < len(kept) <= THING_WORDS and kept[-1] not in _NO_THING and not kept[-1].endswith("'s"):
            return _turned_thing(kept)
    return ""


@cache
def _thing_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    function = "|".join(sorted(map(re.escape, FUNCTION_WORDS[language]), key=len, reverse=True))
    noun = rf"(?!(?:{function})\b)[^\W\d_][\w'-]+"
    bare = rf"(?:(?:{'|'.join(_ADJECTIVES[language].split())}) )?{noun}"
    article = r"(?:(?:my|the|a|an|this|that|your|other|mijn|m'n|de|het|een|die|dat|andere) )?"
    named = rf"{bare}(?: (?:of|van) (?:(?:my|the|mijn|de|het) )?{noun})?"
    return tuple(re.compile(pattern.format(np=article + named, np0=named)) for pattern in _THINGS[language])


def _turned_thing(words: list[str]) -> str:
    possessive = {
        "my": "your",
        "your": "my",
        "me": "you",
        "myself": "yourself",
        "mijn": "je",
        "m'n": "je",
        "mezelf": "jezelf",
    }
    return " ".join(possessive.get(word, word) for word in words)


def _word(usable: list[list[str]], language: str) -> str:
    """The weightiest single word, the last of equals; none if all are everyday words."""
    words = [word for part in usable for word in _content(part, language) if len(word) >= 4 and "'" not in word]
    telling = [word for word in words if concept(word) in _WEIGHTY or _is_telling(word, language)]
    return max(reversed(telling), key=lambda word: (concept(word) in _WEIGHTY, min(len(word), 9)), default="")


def _is_telling(word: str, language: str) -> bool:
    return len(word) >= 7 and not word.endswith(_VERB_ENDINGS[language]) and not word.startswith(_DULL)


def _content(words: list[str], language: str) -> list[str]:
    return [word for word in words if word not in FUNCTION_WORDS[language]]
