"""`mirror bench`: what it takes and says."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rig.cli_words import Config

bench_app = typer.Typer(no_args_is_help=True, help="Measure this machine.")


@bench_app.callback()
def bench() -> None:
    """Measure this machine; take the figures on a quiet one."""


@bench_app.command("conversation")
def bench_conversation(
    turns: Annotated[int, typer.Option(min=1, help="How many answers to measure; each takes about 2 s.")] = 60,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
) -> None:
    """Our own share of the delay (bus and code), with engines that only wait. Exit code 1 if it is above its budget."""
    from rig.bench_command import run_conversation

    sys.exit(run_conversation(turns, json_file))


@bench_app.command("chaos")
def bench_chaos(
    disturbances: Annotated[
        int, typer.Option(min=1, help="How many; about eight fit into a visit of half a minute.")
    ] = 200,
    seed: Annotated[int | None, typer.Option(help="The same seed chooses the same disturbances; printed.")] = None,
    has_fence: Annotated[
        bool, typer.Option("--fence/--no-fence", help="Without: a control, in which the check must find faults.")
    ] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
    records: Annotated[Path | None, typer.Option(help="Folder to keep visits in that had a fault.")] = None,
    keeps_all: Annotated[bool, typer.Option("--keep-all", help="Keep every visit there.")] = False,
    is_saved: Annotated[bool, typer.Option("--save", help="Write page and figures to docs/benchmarks/.")] = False,
) -> None:
    """Kill, stop, slow, scale and poison a mirror while it is visited. Exit code 1 if anything is lost, twice, out of order or late."""
    from rig.bench_index import FOLDER
    from rig.chaos.command import Wish, run_chaos

    wish = Wish(
        count=disturbances, seed=seed, has_fence=has_fence, records=records, keeps_all=keeps_all, json_file=json_file,
        folder=FOLDER if is_saved else None,
    )  # fmt: skip
    sys.exit(run_chaos(wish))


@bench_app.command("chaos-check")
def bench_chaos_check(
    paths: Annotated[list[Path], typer.Argument(help="Visits that were kept (*.visit), or folders of them.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
) -> None:
    """Check visits that `mirror bench chaos --records` kept once more, without a mirror."""
    from rig.chaos.command import check_again

    sys.exit(check_again(paths, json_file))


@bench_app.command("containers")
def bench_containers(
    visitor: Annotated[Path, typer.Argument(help="A recorded visitor.")] = Path("tests/visitors/terse"),
    samples: Annotated[int, typer.Option(min=1, help="Of every harm; three take about a quarter of an hour.")] = 3,
    only_alone: Annotated[
        bool, typer.Option("--alone", help="Without siblings; one sample takes a minute or two.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
    records: Annotated[Path | None, typer.Option(help="Folder to keep visits in that had a fault.")] = None,
) -> None:
    """Restart, kill and scale the containers of a mirror that is up, while it is visited: how long each is missed. Exit code 1 as chaos."""
    from rig.containers.gaps.command import run_containers
    from rig.containers.gaps.plan import harms

    sys.exit(run_containers(visitor, harms(samples, only_alone=only_alone), json_file, records))


@bench_app.command("cost")
def bench_cost(
    visitor: Annotated[Path, typer.Argument(help="A recorded visitor.")] = Path("tests/visitors/terse"),
    script: Annotated[str, typer.Option(help="The play.")] = "scripts/short.yaml",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
) -> None:
    """What one visitor costs in processor, memory and bus traffic, by stage, over a whole visit."""
    from rig.bench_command import run_cost

    sys.exit(run_cost(visitor, script, json_file))


@bench_app.command("mirrors")
def bench_mirrors(
    visitors: Annotated[list[Path], typer.Argument(help="Recorded visitors, two or more: each gets a mirror.")],
    script: Annotated[str, typer.Option(help="The play.")] = "scripts/short.yaml",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
) -> None:
    """Several mirrors on this machine: each visitor alone, then all at once. Exit code 1 if one gets anything of another's."""
    from rig.bench_command import run_mirrors

    sys.exit(run_mirrors(visitors, script, json_file))


def _bench_engine(name: str, tells: str) -> None:
    """Declare `mirror bench NAME`; all of them take the same."""

    @bench_app.command(name, help=tells)
    def bench_one(
        engine: Annotated[str, typer.Option(help="Another engine than the settings'.")] = "",
        sets: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="KEY=VALUE", help="An option of the engine, or SECTION.KEY=VALUE."),
        ] = None,
        is_quick: Annotated[bool, typer.Option("--quick", help="A short run, for a look.")] = False,
        what: Annotated[
            str | None, typer.Option("--input", help="Sound, words or film instead of the benchmark's own.")
        ] = None,
        voice: Annotated[str | None, typer.Option(help="tts: a recording of the voice.")] = None,
        face: Annotated[str | None, typer.Option(help="faceswap: a photo of the face.")] = None,
        json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for stdout.")] = None,
        is_saved: Annotated[
            bool, typer.Option("--save", help="Write page, figures and plots to docs/benchmarks/.")
        ] = False,
        label: Annotated[str, typer.Option(help="Its name there, instead of engine and machine.")] = "",
        config: Config = None,
    ) -> None:
        from rig.bench_engines import Wish, run_bench
        from rig.bench_index import FOLDER
        from rig.options import options_from

        options = options_from(config, script="", language="", port=None, sets=None)
        inputs = {"input": what, "voice": voice, "face": face}
        wish = Wish(bench=name, engine=engine, sets=tuple(sets or ()), inputs=inputs, is_quick=is_quick, label=label)
        sys.exit(run_bench(wish, options, json_file=json_file, folder=FOLDER if is_saved else None))


for _name, _tells in (
    ("asr", "How long after the last word the final transcript is there, by length of speech."),
    ("llm", "First token, first clause, tokens a second: Gemini against local models."),
    ("tts", "Time to first audio and real-time factor, by steps and length."),
    ("a2f_bridge", "First pose and poses a second, from sound to blendshapes."),
    ("faceswap", "Milliseconds a stage, frames a second in and out, beside a second load."),
    ("paste-back", "Our paste-back against insightface's own, in one run."),
    ("video", "From a picture's encoding to its being here, by way in."),
):
    _bench_engine(_name, _tells)
