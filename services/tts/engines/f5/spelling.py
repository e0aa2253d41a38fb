"""Words written the way F5's training text was: letters, no digits that could be read in two ways, no shouting. Pure."""

import re
import unicodedata

_SIGNS = {
    "&": " and ",
    "%": " percent",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "\u20ac": " euro ",
    "$": " dollars ",
}
_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
"""Capitals are read letter by letter; up to three may be meant so (TV, USA)."""

_SPACES = re.compile(r"\s+")
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GREATEST = 999_999


def spelled(text: str, language: str) -> str:
    """`text` as the model should get it: one line, ending with punctuation.

    Only English is respelled; of another language we would not know how.
    """
    if language == "en":
        text = "".join(_SIGNS.get(sign, sign) for sign in _unaccented(text))
        text = _NUMBER.sub(_number, text)
        text = _SHOUTED.sub(lambda word: word.group().lower(), text)
    text = _SPACES.sub(" ", text).strip()
    return text if not text or text[-1] in ".!?,;:\u3002\uff1f\uff01" else text + "."


def _unaccented(text: str) -> str:
    """The tokeniser opens a gap behind an accent inside a word ("na\u00ef ve"), and a gap is heard."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    if len(digits) > len(str(_GREATEST)) or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(_ONES[int(digit)] for digit in digits)
    return _words(int(digits))


def _words(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _TENS[tens] + (f" {_ONES[rest]}" if rest else "")
    size, name = (1_000, "thousand") if number >= 1_000 else (100, "hundred")
    head, rest = divmod(number, size)
    return f"{_words(head)} {name}" + (f" {_words(rest)}" if rest else "")
