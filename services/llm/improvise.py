"""The improviser: gives the visitor's own words back inside the scene's lines. Pure; all chance comes from the seed.

It hears what kind of thing was said, gathers the lines that may answer it (the scene's own first, then the repertoire's),
fills their slots, throws out what was said before or may not be said, and picks one. A short line may get a second sentence.
"""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import msgspec

from services.llm.chat_model import Prompt
from services.llm.clauses import ClauseSplitter
from services.llm.echo import Echo, echo_of
from services.llm.likeness import likeness
from services.llm.outside import read_outside
from services.llm.safety import Gate
from services.llm.speakable import words_in
from services.llm.words import straighten, words_of

SHORT_WORDS = 9
"""A first sentence up to this long may be followed by a second one."""
LONG_WORDS = 10
"""A statement longer than this says something of its own."""
_EXAMPLE_FITS = 0.62


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of thing a visitor says, and what the mirror may answer."""

    hears: tuple[str, ...] = ()
    """Patterns on the lower-case utterance; empty: chosen by the play (closing) or by what lies outside it (refusal)."""
    says: tuple[str, ...]
    long: bool = False
    """Also heard in a long statement, which else is reflected: there "my voice" or "strange" is only said by the way."""
    host: tuple[str, ...] = ()
    """The same before the copy wakes; empty: `says` serves."""


class Repertoire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mirror's own lines in one language, for when the scene has none that fits."""

    acts: dict[str, Act]
    """In order: the first that hears something answers."""
    reflects: tuple[str, ...]
    """Lines with a slot."""
    plain: tuple[str, ...]
    """Lines that answer anything."""
    seconds: tuple[str, ...]
    """Short second sentences."""
    host: tuple[str, ...]
    """Lines that answer anything, before the copy wakes."""


def improvise(prompt: Prompt, repertoire: Repertoire) -> str:
    """One reply of at most `max_words` words, never one of `past`; empty if nothing is left to say."""
    said = straighten(prompt.said)
    choice = _Choice(prompt, Gate(prompt.visitor_said, prompt.language))
    act = _act(said, prompt, repertoire)
    echo = Echo() if act in _NO_ECHO else echo_of(said, prompt.language)
    for tier, lines in enumerate(_tiers(act, said, prompt, repertoire)):
        if first := choice.pick(lines, echo, salt=str(tier)):
            # Only to our own lines: the play's are whole as their author wrote them.
            return choice.extend(first, repertoire.seconds) if lines is repertoire.reflects else first
    return ""


_OFFER = re.compile(
    r"(?:can|could|will|would) you (?:take|have|keep)\b|(?:kun|kan|wil) je .*(?:meenemen|hebben|houden)\b"
)
"""Asked in form, given in fact: "can you take my fear?"."""
_NO_ECHO = frozenset({"dictation", "unsafe", "refusal", "second_person", "language", "off_topic", "closing"})


def _act(said: str, prompt: Prompt, repertoire: Repertoire) -> str:
    """The kind of utterance; empty for a statement, which is to be reflected."""
    outside = read_outside(said, prompt.language)
    if outside in {"unsafe", "dictation"}:
        return outside
    if prompt.scene.steer in repertoire.acts:
        return prompt.scene.steer
    if outside in repertoire.acts:
        return outside
    text = said.lower().strip(" .!…")
    is_long = words_in(text) > LONG_WORDS and not text.endswith("?")
    for name, act in repertoire.acts.items():
        if act.hears and (act.long or not is_long) and ears(act.hears).search(text):
            return name
    is_question = text.endswith("?") and not _OFFER.match(text)
    return "question" if is_question and "question" in repertoire.acts else ""


@cache
def ears(hears: tuple[str, ...]) -> re.Pattern[str]:
    """The patterns of an act as one; raises re.error."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in hears))


def _tiers(act: str, said: str, prompt: Prompt, repertoire: Repertoire) -> Iterator[tuple[str, ...]]:
    """Lines to try, best first."""
    scene, is_host = prompt.scene, prompt.scene.speaker == "host"
    if act not in _NO_ECHO:
        yield tuple(
            mirror for visitor, mirror in scene.examples if likeness(visitor, said, prompt.language) >= _EXAMPLE_FITS
        )
    if act:
        answers = repertoire.acts[act]
        yield answers.host if is_host and answers.host else answers.says
    slotted = tuple(line for line in scene.improvise if "{" in line)
    bare = tuple(line for line in scene.improvise if "{" not in line)
    if act not in _NO_ECHO:
        # One reply in four comes from the repertoire though the scene has lines, or a scene of six lines sounds like six lines.
        if _hash(prompt.seed, "mix") % 4 == 0 and not is_host:
            yield repertoire.reflects
        yield slotted
    yield bare
    yield () if is_host or act in _NO_ECHO else repertoire.reflects
    yield repertoire.host if is_host else repertoire.plain


class _Choice:
    """Fills, filters and picks lines for one reply."""

    def __init__(self, prompt: Prompt, gate: Gate) -> None:
        self._prompt = prompt
        self._gate = gate
        self._past = [words_of(text) for text in prompt.past]
        self._max_words = max(1, prompt.scene.max_words)

    def pick(self, lines: tuple[str, ...], echo: Echo, salt: str) -> str:
        """A line that may be said, by chance; if it can be helped, one that does not begin as the last reply did."""
        second_best = ""
        for line in sorted(lines, key=lambda line: _hash(self._prompt.seed, f"{salt}/{line}")):
            text = fill(line, echo)
            if not text or self._is_used(line) or not self._may_say(text):
                continue
            if not self._opens_like_last(text):
                return text
            second_best = second_best or text
        return second_best

    def extend(self, first: str, seconds: tuple[str, ...]) -> str:
        """Half of the short statements get a second sentence; a question stands alone and is the last."""
        wants_more = words_in(first) <= SHORT_WORDS and not first.endswith("?") and _hash(self._prompt.seed, "more") % 2
        second = self.pick(seconds, Echo(), "second") if wants_more and first.count(".") < 2 else ""
        both = f"{first} {second}"
        return both if second and words_in(both) <= self._max_words else first

    def _may_say(self, text: str) -> bool:
        if words_in(text) > self._max_words:
            return False
        splitter = ClauseSplitter()
        return not any(self._gate.objection(clause) for clause in (text, *splitter.push(text), *splitter.finish()))

    def _is_used(self, line: str) -> bool:
        """The line's own words were said before, whatever stood in its slots; or a good part of them, if it was cut."""
        pieces = [words for piece in re.split(r"\{\w+\}", line) if (words := words_of(piece))]
        own = max(pieces, key=len, default=[])
        return any(_contains(past, own) or (len(own) >= 4 and _ends_within(past, own)) for past in self._past)

    def _opens_like_last(self, text: str) -> bool:
        return bool(self._past) and self._past[-1][:2] == words_of(text)[:2]


def fill(line: str, echo: Echo) -> str:
    """The line with its slots filled, or empty if one cannot be.

    {echo} takes a whole clause where one can stand: at the start of a sentence, after a colon or comma, or after a word of
    saying. Elsewhere ("I will carry {echo}") only a thing fits.
    """
    text = line
    for match in re.finditer(r"\{(\w+)\}", line):
        value = _value(match, line, echo)
        if not value:
            return ""
        text = text.replace(match.group(), value, 1)
    return _capitalised(text)


def _value(slot: re.Match[str], line: str, echo: Echo) -> str:
    name, before = slot[1], line[: slot.start()].rstrip()
    if name == "echo":
        saying = re.search(r"\b(say|said|saying|zei|zegt|zeg|gezegd)(:?)$", before)
        takes_clause = not before or before[-1] in ".!?…:,;–—" or saying is not None
        colon = ": " if saying and saying[1].startswith(("z", "gez")) and not saying[2] else ""
        return f"{colon}{echo.clause}" if takes_clause and echo.clause else ("" if saying else echo.thing)
    return {"thing": echo.thing, "word": echo.word}.get(name, "")


def _capitalised(text: str) -> str:
    """A capital after every sentence end; spaces before punctuation, left by a slot, closed."""
    text = re.sub(r"\s+([:,.;!?…])", r"\1", text)
    return re.sub(r"(^|[.!?…][\"']?\s+)([^\W\d_])", lambda match: match[1] + match[2].upper(), text)


def _contains(words: list[str], run: list[str]) -> bool:
    return any(words[at : at + len(run)] == run for at in range(len(words) - len(run) + 1)) if run else False


def _ends_within(words: list[str], run: list[str]) -> bool:
    """`words` break off inside `run`, three of its words or more being there."""
    return any(words[-kept:] == run[:kept] for kept in range(3, len(run)))


def _hash(seed: str, salt: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{salt}".encode(), digest_size=4).digest(), "big")
