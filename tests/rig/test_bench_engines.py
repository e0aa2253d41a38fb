"""Benchmarks: run, told as tables, JSON and pictures, saved with their machine and without its name."""

import json
import socket
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from rig.bench_engines import Wish, run_bench, save, take
from rig.bench_index import FOLDER, index, read_results
from rig.bench_page import Taken, document, number, page
from rig.bench_plot import draw, series_of, ticks
from rig.machine import Machine, anonymous, this_machine
from rig.options import Options
from shared.benchmark import Benchmark, Plot, Table
from shared.errors import EngineUnavailable

FAKES = Options(package="tests.support.rig_fake_stages")
SVG = "{http://www.w3.org/2000/svg}"


def table(rows: tuple[tuple[str | float | None, ...], ...], columns: tuple[str, ...], *y: str) -> Table:
    return Table(title="T & U", columns=columns, rows=rows, plot=Plot(x=columns[0], y=y, unit="ms"))


def taken(**machine: str) -> Taken:
    return msgspec.structs.replace(
        take(Wish(bench="asr", engine="moonshine"), FAKES), machine=msgspec.structs.replace(this_machine(), **machine)
    )


def test_a_benchmark_is_run_with_the_chosen_engine_and_inputs() -> None:
    found = take(Wish(bench="asr", engine="scripted", inputs={"input": "a.wav"}, is_quick=True), FAKES)
    assert found.benchmark.tables[0].note == "engine scripted, quick 1, input a.wav"
    assert len(found.benchmark.tables[0].rows) == 1
    assert found.label.startswith("scripted-")


def test_figures_are_found_by_their_dotted_names(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    assert run_bench(Wish(bench="asr"), FAKES, json_file=path, folder=None) == 0
    found = json.loads(path.read_text())
    assert found["720p"]["ratio"] == found["figures"]["720p.ratio"] == 9.1
    assert found["machine"]["cores"] >= 1


def test_json_on_stdout_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    run_bench(Wish(bench="asr"), FAKES, json_file=Path("-"), folder=None)
    assert json.loads(capsys.readouterr().out)["bench"] == "asr"


def test_a_result_is_saved_as_page_figures_and_picture_and_stands_in_the_list(tmp_path: Path) -> None:
    path = save(taken(gpu=""), tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "README.md", "asr-moonshine-cpu-1.svg", "asr-moonshine-cpu.json", "asr-moonshine-cpu.md",
    ]  # fmt: skip
    assert "| 10 | – | noise |" in path.read_text()
    assert "![Time to the final transcript](asr-moonshine-cpu-1.svg)" in path.read_text()
    listed = (tmp_path / "README.md").read_text()
    assert "[asr: moonshine-cpu](asr-moonshine-cpu.md)" in listed
    assert read_results(tmp_path)[0].benchmark.figures["p50_ms"] == 61.4


def test_nothing_that_is_saved_names_the_machine_or_a_place_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "rig-in-the-hall")
    wish = Wish(
        bench="asr", sets=("model=/home/somebody/models",), inputs={"input": "/home/somebody/rig-in-the-hall.wav"}
    )
    save(take(wish, FAKES), tmp_path)
    text = "".join(one.read_text() for one in tmp_path.iterdir())
    assert "/home" not in text
    assert "rig-in-the-hall" not in text
    assert "from x.wav" in text


def test_addresses_and_ratios_are_no_paths() -> None:
    kept = ["http://127.0.0.1:52000/v1/health", "68/55/52 names", "frames/s", "a 10/20 split"]
    assert anonymous(kept) == kept
    assert anonymous("loaded /opt/models/whisper/model.bin") == "loaded model.bin"


def test_what_has_not_been_taken_on_a_card_is_said_until_it_has() -> None:
    on_cpu = taken(gpu="")
    assert "there was no card" in index([on_cpu])
    whisper = take(Wish(bench="asr", engine="faster_whisper", label="faster_whisper-rtx-4090"), FAKES)
    on_card = msgspec.structs.replace(
        whisper, machine=msgspec.structs.replace(whisper.machine, gpu="NVIDIA GeForce RTX 4090, 24 GB")
    )
    assert "--engine faster_whisper" in index([on_cpu])
    assert "--engine faster_whisper" not in index([on_cpu, on_card])


def test_a_stage_without_measurements_is_told() -> None:
    with pytest.raises(EngineUnavailable, match="this stage brings no measurements"):
        take(Wish(bench="video"), FAKES)


def test_a_cards_name_becomes_a_file_name() -> None:
    machine = this_machine()
    assert msgspec.structs.replace(machine, gpu="NVIDIA GeForce RTX 4090, 24 GB").label == "rtx-4090"
    assert msgspec.structs.replace(machine, gpu="").label == "cpu"


def test_a_short_run_says_so_on_its_page() -> None:
    quick = msgspec.structs.replace(taken(), is_quick=True)
    assert "believe the order, not the digits" in page(quick, [""])


def test_the_machine_has_no_name_in_the_document() -> None:
    assert socket.gethostname() not in json.dumps(document(taken())) or len(socket.gethostname()) <= 3


def test_lines_stand_where_their_numbers_are() -> None:
    picture = ET.fromstring(draw(table(((0.0, 0.0), (5.0, 50.0), (10.0, 100.0)), ("s", "ms"), "ms")))
    spots = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in picture.iter(f"{SVG}circle")]
    assert len(spots) == 3
    assert spots[1][0] - spots[0][0] == pytest.approx(spots[2][0] - spots[1][0], abs=0.2)
    assert spots[0][1] - spots[1][1] == pytest.approx(spots[1][1] - spots[2][1], abs=0.2)
    assert "T & U" in [one.text for one in picture.iter(f"{SVG}text")]


def test_words_make_bars_and_what_was_not_measured_makes_none() -> None:
    picture = ET.fromstring(draw(table((("eager", 4.0), ("graphs", None)), ("way", "ms"), "ms")))
    assert len(list(picture.iter(f"{SVG}rect"))) == 2  # the ground, and one bar


def test_a_repeated_x_parts_the_rows_by_their_words() -> None:
    rows = ((2.0, "gpu", 1.0), (5.0, "gpu", 2.0), (2.0, "cpu", 3.0), (5.0, "cpu", 4.0))
    assert [(one.name, len(one.points)) for one in series_of(table(rows, ("s", "device", "ms"), "ms"))] == [
        ("gpu", 2),
        ("cpu", 2),
    ]


def test_rows_that_only_a_number_tells_apart_are_told_apart_by_it() -> None:
    rows = (("piper", "cpu", 1.0, 4.0), ("piper", "cpu", 3.0, 5.0))
    found = series_of(table(rows, ("engine", "device", "speech s", "ms"), "ms"))
    assert [(one.name, one.points) for one in found] == [
        ("speech s 1", (("piper", 4.0),)),
        ("speech s 3", (("piper", 5.0),)),
    ]


def test_a_table_without_numbers_has_no_picture() -> None:
    assert draw(table((("a", None),), ("way", "ms"), "ms")) == ""
    assert draw(Table(title="t", columns=("a",), rows=())) == ""


@pytest.mark.parametrize(
    ("value", "top", "steps"), [(0.0, 1, 1), (0.9, 1, 5), (61.4, 70, 7), (100, 100, 5), (320, 350, 7), (140, 140, 7)]
)
def test_the_axis_ends_at_a_round_number_little_above_the_highest(value: float, top: float, steps: int) -> None:
    marks = ticks(value)
    assert marks[-1] == pytest.approx(top)
    assert len(marks) - 1 == steps


def test_a_long_legend_goes_on_in_the_next_row() -> None:
    rows = tuple((x, f"a rather long name of a way number {way}", 1.0) for x in (1.0, 2.0) for way in range(6))
    picture = ET.fromstring(draw(table(rows, ("s", "way", "ms"), "ms")))
    names = [one for one in picture.iter(f"{SVG}text") if one.text and one.text.startswith("a rather")]
    assert len({one.attrib["y"] for one in names}) > 1
    assert max(float(one.attrib["y"]) for one in names) < float(picture.attrib["height"])


@pytest.mark.parametrize(
    ("value", "text"), [(1234567.0, "1,234,567"), (123.456, "123"), (9.105, "9.11"), (0.000004, "0.000004"), (2.0, "2")]
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_list_of_benchmarks_is_current() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index(read_results()), "run `make docs`"


def test_no_saved_result_names_a_place() -> None:
    for path in FOLDER.iterdir():
        for place in ("/home/", f"{Path.home()}/", f"{tempfile.gettempdir()}/"):
            assert place not in path.read_text(), path.name


def test_a_benchmark_of_strangers_can_be_read_again() -> None:
    benchmark = Benchmark(name="x", tables=())
    machine = Machine(cpu="c", cores=1, memory_gb=1, system="s", python="3", libraries={}, load=0)
    one = Taken(bench="asr", label="l", command="c", date="2026-11-22", machine=machine, benchmark=benchmark)
    assert msgspec.json.decode(msgspec.json.encode(document(one)), type=Taken) == one
