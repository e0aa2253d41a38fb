"""`mirror rig clap`: what the terminal sees of it."""

import os
from pathlib import Path

import msgspec

from rig.clap.film import write_clap
from rig.clap.measure import measure
from rig.clap.verdict import BEST_MS, Verdict
from rig.console import print_json, progress_bar, say
from rig.options import Options
from shared.config import load_settings
from shared.errors import BadInput


def make_clap(path: Path, *, fps: int, size: str, as_json: bool) -> None:
    """Write the film to clap with. Raises BadInput."""
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) % 2 == int(height) % 2 == 0 and int(width) >= 320):
        raise BadInput(f"--size {size}: write WIDTHxHEIGHT in even pixels, as 1280x720")
    with progress_bar("clapping") as progress:
        count = write_clap(path, fps, (int(width), int(height)), progress)
    if as_json:
        print_json({"film": str(path), "claps": count, "fps": fps})
        return
    say(
        f"{path}: {count} claps. Play it where sound and picture are known to be together, film that, and measure the film:"
    )
    say("what it finds is your camera's own error; give it as --baseline when you measure the mirror")


def measure_clap(path: Path, *, method: str, baseline_ms: float, options: Options, as_json: bool) -> int:
    """Measure a film and print the verdict; returns 1 if something must be set."""
    settings = load_settings(options.config, os.environ)
    with progress_bar("measuring") as progress:
        verdict = measure(path, method, baseline_ms, settings, progress)
    if as_json:
        print_json(msgspec.to_builtins(verdict))
    else:
        print("\n".join(told(verdict)))
    return 0 if verdict.is_right else 1


def told(verdict: Verdict) -> list[str]:
    """The verdict in words."""
    late = verdict.sound_late_ms
    what = f"{verdict.measured} claps" if verdict.method == "flash" else f"{verdict.measured} s of speech"
    lines = [
        f"sound is {abs(late):.0f} ms {'late' if late >= 0 else 'early'} at the glass ({what}, spread {verdict.spread_ms:.0f} ms)",
    ]
    if verdict.is_right:
        lines.append(
            f"that is right ({BEST_MS[0]:.0f} to {BEST_MS[1]:.0f} ms late): leave av_offset_ms = {verdict.av_offset_ms:g}"
        )
    else:
        lines.append(
            f"set [a2f_bridge] av_offset_ms = {verdict.set_av_offset_ms:g} (now {verdict.av_offset_ms:g}), and measure again"
        )
    return [*lines, *(f"beware: {warning}" for warning in verdict.warnings)]
