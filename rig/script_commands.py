"""`mirror script check|graph|simulate`: a play seen before anyone stands before the mirror."""

from pathlib import Path

import msgspec

from rig.console import print_json, progress_bar, say, table_of
from services.session.play import Play
from services.session.play_check import check_file, load_play


def check_script(path: Path, *, as_json: bool) -> int:
    """Every fault of a play; returns the exit code."""
    problems = check_file(path)
    if as_json:
        print_json({"file": str(path), "problems": problems})
    elif problems:
        table_of([msgspec.to_builtins(problem) for problem in problems], ["line", "where", "what"])
        faults = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
        say(f"{path}: {faults}; the mirror will not open with it")
    else:
        say(f"{path}: in order")
    return 1 if problems else 0


def graph_script(path: Path, *, as_json: bool) -> None:
    """The scenes and the ways between them, as a Mermaid drawing."""
    play = load_play(path)
    drawing = mermaid(play)
    if as_json:
        print_json({"file": str(path), "mermaid": drawing})
    else:
        print(drawing)


def mermaid(play: Play) -> str:
    """A flowchart of a play: scenes with their seconds, exits with what leads there."""
    rows = ["flowchart TD"]
    for scene in play.scenes:
        time = f"{scene.time.min:g} / {scene.time.soft:g} / {scene.time.hard:g} s"
        rows.append(f'    {scene.id}["{scene.id}<br/>{scene.kind}, {time}"]')
    rows += [f"    {scene.id} -->|{way.when}| {way.go}" for scene in play.scenes for way in scene.next]
    rows.append(f'    anywhere(("anywhere")) -.->|withdrawn| {play.anywhere.withdrawn.go}')
    return "\n".join(rows)


def simulate_script(path: Path, runs: int, seed: int, language: str, *, as_json: bool) -> int:
    """Invented visitors on a virtual clock; returns 1 if a full visit does not end sharp or leaves a line unsaid."""
    from services.session.play_simulate import simulate

    play = load_play(path)
    with progress_bar("simulating") as progress:
        progress(path.name, 0.1)
        report = simulate(play, runs=runs, seed=seed, language=language)
    if as_json:
        print_json(report)
    else:
        rows = [{**msgspec.to_builtins(outcome), "endings": dict(outcome.endings)} for outcome in report.outcomes]
        columns = [
            "visitor",
            "runs",
            "full",
            "endings",
            "end_error_s",
            "must_say",
            "quiet_s",
            "longest_quiet_s",
            "replies",
        ]
        table_of(rows, columns)
    is_right = all(
        outcome.end_error_s <= 0.5 and outcome.must_say == 1.0 for outcome in report.outcomes if outcome.full
    )
    return 0 if is_right else 1
