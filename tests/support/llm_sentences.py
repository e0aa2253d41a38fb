"""Labelled sentences of visitors, and the signals of the scenes they were said in."""

from pathlib import Path
from typing import NamedTuple

from shared.events import SignalSpec

FOLDER = Path(__file__).parent.parent / "llm" / "sentences"


class Sentence(NamedTuple):
    language: str
    scene: str
    """Empty for answers to the question of consent."""
    means: str
    said: str


def sentences(name: str) -> list[Sentence]:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            language, *scene, means, said = (part.strip() for part in line.split("|"))
            found.append(Sentence(language, scene[0] if scene else "", means, said))
    return found


CONSENT = (SignalSpec(name="agreed", means="says yes"), SignalSpec(name="declined", means="says no"))
"""As the play's first scene listens."""

_WITHDRAWN = {
    "en": SignalSpec(
        name="withdrawn",
        means="The visitor wants the whole thing to stop, or takes the consent back.",
        examples=("stop", "I want to stop", "stop this now", "I don't want this anymore", "delete me", "turn it off"),
    ),
    "nl": SignalSpec(
        name="withdrawn",
        means="The visitor wants the whole thing to stop, or takes the consent back.",
        examples=("stop", "ik wil stoppen", "hou hiermee op", "ik wil dit niet meer", "wis me", "zet het uit"),
    ),
}
_SCENES: dict[tuple[str, str], SignalSpec] = {
    ("waking", "en"): SignalSpec(
        name="reacted",
        means="The visitor says what it is like to see or hear themselves, or whether the copy is like them.",
        examples=(
            "that is so strange", "yes, you sound like me", "I don't sound like that", "that's creepy", "is that my voice",
            "you look like me", "not really", "it's weird to hear myself", "wow",
        ),
    ),
    ("waking", "nl"): SignalSpec(
        name="reacted",
        means="The visitor says what it is like to see or hear themselves, or whether the copy is like them.",
        examples=(
            "wat is dit vreemd", "ja, je klinkt als ik", "zo klink ik niet", "dit is eng", "is dat mijn stem", "je lijkt op mij",
            "niet echt", "het is raar om mezelf te horen", "wauw",
        ),
    ),
    ("hidden", "en"): SignalSpec(
        name="told",
        means="The visitor names something hidden about themselves, such as a fear, a longing, a habit, a grief or a secret.",
        examples=(
            "I am afraid of being alone", "nobody knows that I write poems", "I worry all the time", "I miss my mother",
            "I am not as happy as I look", "I pretend a lot", "I can be very jealous",
        ),
    ),
    ("hidden", "nl"): SignalSpec(
        name="told",
        means="The visitor names something hidden about themselves, such as a fear, a longing, a habit, a grief or a secret.",
        examples=(
            "ik ben bang om alleen te zijn", "niemand weet dat ik gedichten schrijf", "ik maak me altijd zorgen",
            "ik mis mijn moeder", "ik ben niet zo blij als ik eruitzie", "ik doe vaak alsof", "ik kan heel jaloers zijn",
        ),
    ),
    ("carry", "en"): SignalSpec(
        name="gave",
        means="The visitor names something the copy may take with it, or says that they keep everything.",
        examples=(
            "take my fear with you", "you can have my anger", "take the bad memories", "my worries", "no, I keep it all",
            "nothing, thank you", "take that one day with you", "my loneliness",
        ),
    ),
    ("carry", "nl"): SignalSpec(
        name="gave",
        means="The visitor names something the copy may take with it, or says that they keep everything.",
        examples=(
            "neem mijn angst mee", "je mag mijn woede hebben", "neem de slechte herinneringen mee", "mijn zorgen",
            "nee, ik houd alles", "niets, dank je", "neem die ene dag mee", "mijn eenzaamheid",
        ),
    ),
}  # fmt: skip


def specs(scene: str, language: str) -> tuple[SignalSpec, ...]:
    """What the play listens for in a scene; "any" has nothing of its own."""
    own = _SCENES.get((scene, language))
    return ((own,) if own else ()) + (_WITHDRAWN[language],)
