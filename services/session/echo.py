"""Echo, by text: visitor and mirror share one voice, so only words can tell whose they are."""

from difflib import SequenceMatcher

from services.session.words import words

MIN_WORDS = 2
"""A single word that the mirror happened to say, too, is no echo: the visitor may be answering with it."""

ALIGNED = 0.75
"""Share of the words that must stand in the played text, in order."""


def is_echo(heard: str, played: str) -> bool:
    """Whether what was heard is the mirror's own voice coming back.

    Args:
        heard: A transcript.
        played: What the loudspeaker said in the last seconds.
    """
    ours, theirs = words(played), words(heard)
    if len(theirs) < MIN_WORDS or not ours:
        return False
    matcher = SequenceMatcher(a=ours, b=theirs, autojunk=False)
    aligned = sum(block.size for block in matcher.get_matching_blocks())
    return aligned / len(theirs) >= ALIGNED
