"""Partial transcripts that do not take words back: LocalAgreement-2 (Macháček et al. 2023). Pure."""

import re

import msgspec

_NOT_WORD = re.compile(r"[^\w']+")


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they compare: lower case, no punctuation."""
    return tuple(word for word in _NOT_WORD.sub(" ", text.lower().replace("’", "'")).split() if word.strip("'"))


class Agreement(msgspec.Struct, frozen=True):
    """What two decodes in a row said."""

    stable: tuple[str, ...] = ()
    """Words (as written) that two decodes agreed on; never taken back within an utterance."""
    newest: tuple[str, ...] = ()
    """Words (as written) of the last accepted decode."""

    @property
    def tail(self) -> tuple[str, ...]:
        """Words of the newest decode beyond the stable ones."""
        return self.newest[len(self.stable) :]


def agree(was: Agreement, text: str) -> Agreement:
    """Take in one more decode of the growing utterance. One that loops is ignored."""
    newest = tuple(text.split())
    if loops(text) or not newest:
        return was
    common = 0
    for old, new in zip(was.newest, newest, strict=False):
        if words(old) != words(new):
            break
        common += 1
    if common <= len(was.stable):
        return Agreement(stable=was.stable, newest=newest)
    return Agreement(stable=newest[:common], newest=newest)


def loops(text: str) -> bool:
    """Whether the last three words were already said just so before: a decoder cut off in mid-word repeats itself."""
    heard = words(text)
    last = heard[-3:]
    return len(last) == 3 and any(heard[i : i + 3] == last for i in range(len(heard) - 3))
