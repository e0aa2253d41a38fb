"""`mirror bench`: what the terminal sees of it."""

from pathlib import Path

import msgspec

from rig.bench import bench_conversation
from rig.bench_cost import bench_cost
from rig.bench_mirrors import bench_mirrors
from rig.console import print_json, progress_bar, say, table_of

P50_MS, P99_MS = 4.0, 10.0
"""What our own share should stay under: design.md, budget."""


def run_conversation(turns: int, json_file: Path | None) -> int:
    """Bench and print; returns 1 if our own share is above its budget."""
    with progress_bar("benching") as progress:
        found = bench_conversation(turns, progress)
    if json_file == Path("-"):
        print_json(found)
    else:
        rows = [{"measure": name, **getattr(found, name)} for name in ("own_share_ms", "latency_ms", "engines_ms")]
        table_of(rows, ["measure", "p50", "p95", "p99"])
        say(f"{found.turns} answers measured; budget of our own share: p50 {P50_MS} ms, p99 {P99_MS} ms")
    if json_file and json_file != Path("-"):
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    own = found.own_share_ms
    return 0 if (own["p50"] or 0.0) <= P50_MS and (own["p99"] or 0.0) <= P99_MS else 1


def run_cost(visitor: Path, script: str, json_file: Path | None) -> int:
    """Bench and print what one visitor costs."""
    with progress_bar("a visit") as progress:
        found = bench_cost(visitor, script, progress)
    if json_file == Path("-"):
        print_json(found)
    else:
        rows: list[dict[str, object]] = [
            {
                "process": name,
                "idle, cores": round(found.idle.cpu[name], 3),
                "visit, cores": round(found.visit.cpu[name], 3),
                "memory, MB": round(found.visit.rss_mb[name]),
            }
            for name in found.visit.cpu
        ]
        table_of(rows, list(rows[0]))
        visit = found.visit
        say(
            f"Redis, over {visit.seconds:.0f} s: {visit.commands_per_s:.0f} commands/s, {visit.in_kb_per_s:.0f} kB/s in, "
            f"{visit.out_kb_per_s:.0f} kB/s out, at most {visit.redis_peak_mb:.1f} MB"
        )
    if json_file and json_file != Path("-"):
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    return 0


def run_mirrors(visitors: list[Path], script: str, json_file: Path | None) -> int:
    """Bench and print; returns 1 if a visit got anything of another's, or left anything."""
    with progress_bar("several mirrors") as progress:
        found = bench_mirrors(visitors, script, progress)
    if json_file == Path("-"):
        print_json(found)
    else:
        rows: list[dict[str, object]] = [
            {
                "visitor": one.visitor,
                "": "together" if one.together else "alone",
                "length, s": one.duration_s,
                "answer p50 / p95, ms": f"{one.answer_ms['p50']} / {one.answer_ms['p95']}",
                "pictures/s": one.pictures_per_s,
                "late": one.late_pictures,
                "wrong words": one.word_error_rate,
                "face, others'": f"{one.face}, {one.face_of_others}",
                "voice, others'": f"{one.voice}, {one.voice_of_others}",
                "foreign events": f"{one.foreign_events} of {one.events}",
                "left": one.keys_left + one.files_left,
            }
            for one in found
        ]
        table_of(rows, list(rows[0]))
    if json_file and json_file != Path("-"):
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    return 1 if any(one.foreign_events or one.keys_left or one.files_left for one in found) else 0
