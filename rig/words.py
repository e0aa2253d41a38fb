"""How many words were understood wrongly. Pure."""

import re
from collections.abc import Sequence

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


def shared_out(said: Sequence[str], understood: str) -> list[str]:
    """One transcript of several things said, cut into one piece for each, in order, where the fewest words come out wrong."""
    words = understood.split()
    ways: dict[int, tuple[int, list[str]]] = {0: (0, [])}
    for number, truth in enumerate(said, 1):
        ends = range(len(words) + 1) if number < len(said) else (len(words),)
        ways = {end: _best_way(ways, words, end, truth) for end in ends}
    return ways[len(words)][1] if said else []


def _best_way(ways: dict[int, tuple[int, list[str]]], words: list[str], end: int, truth: str) -> tuple[int, list[str]]:
    """Of the ways to give out the words before `end`, `truth` getting the last piece, that with the fewest wrong."""
    pieces = ((begin, " ".join(words[begin:end])) for begin in ways if begin <= end)
    tries = ((ways[begin][0] + word_errors(truth, piece)[0], [*ways[begin][1], piece]) for begin, piece in pieces)
    return min(tries, key=lambda way: way[0])
