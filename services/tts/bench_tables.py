"""How the measurements of this stage are laid out, and how words are compared. Pure."""

from shared.benchmark import Cell, Plot, Table

Rows = list[tuple[Cell, ...]]


def words_wrong(said: str, heard: str) -> int:
    """Words that must be changed, left out or put in to get from what was said to what was heard."""
    wanted, got = _words(said), _words(heard)
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def _words(text: str) -> list[str]:
    return ["".join(sign for sign in word if sign.isalnum()) for word in text.lower().replace("-", " ").split()]


def spoken_table(rows: Rows) -> Table:
    """Every engine through its port."""
    columns = (
        "engine", "device", "voice", "words", "first sound ms", "worst ms", "whole ms", "speech s",
        "real-time factor", "words wrong",
    )  # fmt: skip
    note = (
        "Through the port, one clause at a time, in this process; median of the repeats. Words wrong: heard by Moonshine tiny, which "
        "mishears some itself."
    )
    return Table(title="Time to first sound", columns=columns, rows=tuple(rows), note=note)


def steps_table(rows: Rows) -> Table:
    """F5 alone."""
    columns = (
        "weights", "device", "mode", "steps", "words", "frames", "runs", "first sound p50 ms", "p95 ms", "speech s",
        "real-time factor",
    )  # fmt: skip
    note = (
        "From the words to samples in this process, idle GPU, warm. A clause is made at once, so its first sound is its last. Time does "
        "not depend on the weights' values. Frames: reference, slack and speech, 94 a second."
    )
    plot = Plot(x="frames", y=("first sound p50 ms",), unit="ms") if len(rows) > 1 else None
    return Table(title="F5 by steps and length", columns=columns, rows=tuple(rows), note=note, plot=plot)


def once_table(rows: Rows) -> Table:
    """What F5 pays at its start, and for each visitor."""
    columns = ("device", "loading s", "a voice ms", "recording graphs s", "vocoder, 2 s of speech ms", "GPU memory GB")
    return Table(title="F5, what is paid once", columns=columns, rows=tuple(rows))
