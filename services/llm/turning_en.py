"""English: what the visitor says of themselves, said to them. "I am afraid you left me" -> "you are afraid I left you"."""

from services.llm.words import word_set

_PLAIN = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'll": "you'll", "i'd": "you'd", "me": "you", "my": "your", "mine": "yours",
    "myself": "yourself", "your": "my", "yours": "mine", "yourself": "myself", "you're": "i'm", "you've": "i've", "you'll": "i'll",
    "you'd": "i'd",
}  # fmt: skip
_AFTER_I = {"am": "are", "was": "were", "wasn't": "weren't", "ain't": "aren't"}
_AFTER_YOU = {"are": "am", "were": "was", "weren't": "wasn't", "aren't": "am not"}
_AUXILIARIES = word_set(
    "are were weren't aren't have haven't had do don't did didn't can can't could couldn't will won't would wouldn't should "
    "shouldn't must might look looks sound know think feel want seem live make talk speak say see hear exist"
)
_BEFORE_A_SUBJECT = word_set(
    "that if when because and but so what how who where why whether than think know feel say hope wish guess"
)


def turn(words: list[str]) -> list[str]:
    """The words with first and second person exchanged, verbs following. Lower case in; "I" comes out as "I"."""
    turned: list[str] = []
    for at, word in enumerate(words):
        before, after = (words[at - 1] if at else ""), (words[at + 1] if at + 1 < len(words) else "")
        turned.append(_turn_one(word, before, after, words[max(0, at - 2) : at]))
    return " ".join("I" + word[1:] if word in {"i", "i'm", "i've", "i'll", "i'd"} else word for word in turned).split()


def _turn_one(word: str, before: str, after: str, two_before: list[str]) -> str:
    if word == "you":
        return "i" if _is_subject(before, after) else "me"
    if word in _AFTER_I and ("i" in two_before or after == "i"):
        return _AFTER_I[word]
    if word in _AFTER_YOU and (before == "you" or after == "you"):
        return _AFTER_YOU[word]
    return _PLAIN.get(word, word)


def _is_subject(before: str, after: str) -> bool:
    if before in {"are", "were", "do", "did", "can", "will", "would", "could", "have"}:
        return True
    return not before or before in _BEFORE_A_SUBJECT or after in _AUXILIARIES
