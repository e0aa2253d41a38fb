"""How many words were understood wrongly. Pure."""

import re

_SAME = {"mister": "mr", "missus": "mrs", "doctor": "dr"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def normalised(text: str) -> list[str]:
    """Words as they are compared: lower case, no punctuation, one spelling for what sounds the same."""
    joined = text.lower().replace("’", "'").replace("to-night", "tonight").replace("to-day", "today")
    plain = re.sub(r"[^a-z0-9' ]+", " ", joined)
    words = (word.strip("'") for word in plain.split())
    return [_one_spelling(word) for word in words if word]


def _one_spelling(word: str) -> str:
    if word.isdigit() and int(word) < len(_NUMBERS):
        return _NUMBERS[int(word)]
    return _SAME.get(word, word)


def word_errors(said: str, understood: str) -> tuple[int, int]:
    """Least number of words to change, drop or add so that `understood` becomes `said`, and the words of `said`."""
    truth, guess = normalised(said), normalised(understood)
    row = list(range(len(guess) + 1))
    for i, word in enumerate(truth, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(guess, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1], len(truth)
