"""F5 behind its port, on tiny weights: what goes wrong, what is kept, what is let go."""

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers")):
    pytest.skip("f5-tts, vocos, torch, x-transformers", allow_module_level=True)

import torch
from numpy.typing import NDArray

from services.tts.config import TtsConfig
from services.tts.engines import ENGINES
from services.tts.engines.f5.engine import F5
from services.tts.engines.f5.mel import HOP
from services.tts.engines.f5.reference import PAUSE_S, seed_of
from services.tts.engines.f5.schedule import instants
from services.tts.engines.f5.velocity import Wish
from services.tts.engines.f5.voice import F5Voice
from services.tts.engines.fallback import Fallback, Patience, VoicePair
from services.tts.engines.tone import Options as ToneOptions
from services.tts.engines.tone import Tone
from services.tts.loudness import speech_dbfs
from services.tts.steps import drained
from services.tts.synthesizer import SELF, Voice, VoiceSample
from shared.errors import ConfigError, EngineFailed, EngineUnavailable
from shared.lost_context import LOST
from tests.support.tts_f5 import ChangeSound, ChangeVelocity, Fault, tiny_f5, tiny_options
from tests.support.tts_visitors import WORDS, visitor_sample

pytestmark = pytest.mark.engine


def as_nan(speed: torch.Tensor, x: torch.Tensor, wish: Wish) -> torch.Tensor:
    del x, wish
    return speed * float("nan")


def to_the_sample(speed: torch.Tensor, x: torch.Tensor, wish: Wish) -> torch.Tensor:
    """A flow that ends in what it was shown: the clause begins two seconds before the end of the sample."""
    shown = wish.known[:, wish.known[0].abs().sum(dim=1) > 0]
    wanted = shown.repeat(1, speed.shape[1] // shown.shape[1] + 1, 1)[:, : speed.shape[1]].roll(200, dims=1)
    last = instants(7)[-2]
    return (wanted - x) / (1.0 - last)


def out_of_memory(speed: torch.Tensor, x: torch.Tensor, wish: Wish) -> torch.Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB")


def broken_gpu(speed: torch.Tensor, x: torch.Tensor, wish: Wish) -> torch.Tensor:
    raise RuntimeError("CUDA error: an illegal memory access was encountered\nand more")


FAULTS: dict[str, tuple[ChangeVelocity | None, ChangeSound | None, str]] = {
    "NaN": (as_nan, None, "the network made no numbers"),
    "NaN from the vocoder": (None, lambda made: made * float("nan"), "the vocoder made no numbers"),
    "silence": (None, torch.zeros_like, "silence instead of words"),
    "twice the length": (None, lambda made: torch.cat([made, made]), "s of sound for words that take"),
    "the sample": (to_the_sample, None, "repeats the reference"),
    "the GPU is full": (out_of_memory, None, "out of memory"),
    "the GPU is lost": (broken_gpu, None, f"illegal memory access was encountered; {LOST}$"),
}


@pytest.fixture(scope="module")
def built_in() -> Fault:
    return Fault()


@pytest.fixture(scope="module")
def warm(built_in: Fault) -> Iterator[tuple[F5, Fallback]]:
    first = tiny_f5(built_in)
    both = Fallback(first, Tone(ToneOptions(languages=("en",))), Patience(patience_s=60.0))
    both.warm_up()
    yield first, both
    both.close()


@pytest.fixture
def fault(built_in: Fault) -> Iterator[Fault]:
    yield built_in
    built_in.velocity = built_in.sound = None


@pytest.fixture(scope="module")
def engine(warm: tuple[F5, Fallback]) -> F5:
    return warm[0]


@pytest.fixture(scope="module")
def copies(warm: tuple[F5, Fallback]) -> Voice:
    return drained(warm[1].make_voice(visitor_sample()))


@pytest.fixture(scope="module")
def copy(copies: Voice) -> F5Voice:
    assert isinstance(copies, VoicePair)
    assert isinstance(copies.voices[0], F5Voice)
    return copies.voices[0]


def spoken(engine: F5, voice: F5Voice, text: str = WORDS) -> NDArray[np.float32]:
    return np.concatenate(list(engine.synthesize(text, voice, "en")))


@pytest.mark.parametrize("name", FAULTS)
def test_a_clause_that_is_no_speech_is_refused_before_any_of_it_is_heard(
    engine: F5, copy: F5Voice, fault: Fault, name: str
) -> None:
    fault.velocity, fault.sound, complaint = FAULTS[name]
    heard: list[NDArray[np.float32]] = []
    with pytest.raises(EngineFailed, match=complaint):
        heard.extend(engine.synthesize(WORDS, copy, "en"))
    assert not any(len(block) for block in heard)


@pytest.mark.parametrize("name", FAULTS)
def test_the_fallback_speaks_that_clause_instead_and_gives_back(
    warm: tuple[F5, Fallback], copies: Voice, fault: Fault, name: str
) -> None:
    _, both = warm
    switches = both.about().fallbacks
    fault.velocity, fault.sound, complaint = FAULTS[name]
    assert sum(len(block) for block in both.synthesize(WORDS, copies, "en"))
    about = both.about()
    assert (about.name, about.is_degraded, about.fallbacks) == ("tone", True, switches + 1)
    assert re.search(complaint, about.last_error)
    fault.velocity = fault.sound = None
    list(both.synthesize(WORDS, copies, "en"))
    assert (both.about().name, both.about().is_degraded) == ("f5", False)


def test_a_voice_that_cannot_speak_is_no_voice(engine: F5, fault: Fault) -> None:
    fault.velocity = as_nan
    with pytest.raises(EngineFailed):
        drained(engine.make_voice(visitor_sample()))


def test_a_model_that_cannot_speak_is_not_opened() -> None:
    fault = Fault()
    fault.velocity = out_of_memory
    with pytest.raises(EngineUnavailable, match="out of memory"):
        tiny_f5(fault).warm_up()


def test_only_frames_behind_the_reference_are_turned_into_sound(engine: F5, copy: F5Voice) -> None:
    speech, voice = engine._loaded_speech(), copy.print
    assert voice is not None
    *_, sound = speech.say("Who are you?", 1.5, voice)
    assert len(sound) == (round(1.5 * 24_000 / HOP) - 1) * HOP


def test_words_that_outnumber_their_frames_are_not_cut_off(engine: F5, copy: F5Voice) -> None:
    speech, voice = engine._loaded_speech(), copy.print
    assert voice is not None
    *_, sound = speech.say("word " * 200, 0.8, voice)
    assert len(sound) == (round(0.8 * 24_000 / HOP) - 1) * HOP


def test_whoever_stops_listening_has_the_gpu_back_after_the_step_at_hand(engine: F5, fault: Fault) -> None:
    steps = counted(fault)
    blocks = engine.synthesize(WORDS, engine.host, "en")
    for _ in range(3):
        assert len(next(blocks)) == 0
    del blocks
    assert len(steps) == 3


def test_steps_are_a_setting() -> None:
    fault = Fault()
    engine = tiny_f5(fault, steps=16)
    engine.warm_up()
    steps = counted(fault)
    list(engine.synthesize(WORDS, engine.host, "en"))
    assert len(steps) == 16


def test_the_first_piece_is_heard_before_the_second_is_begun(engine: F5, fault: Fault) -> None:
    steps = counted(fault)
    text = (
        "You spoke of the sea, and of your father's boat; then you were silent for a while, as if you were listening."
    )
    next(block for block in engine.synthesize(text, engine.host, "en") if len(block))
    assert len(steps) == 7


def counted(fault: Fault) -> list[int]:
    """One entry a step from now on."""
    steps: list[int] = []

    def count(speed: torch.Tensor, x: torch.Tensor, wish: Wish) -> torch.Tensor:
        del x
        steps.append(wish.frames)
        return speed

    fault.velocity = count
    return steps


def test_a_quiet_visitor_has_no_quiet_twin(engine: F5, copy: F5Voice) -> None:
    sample = visitor_sample()
    quiet = drained(engine.make_voice(VoiceSample(samples=sample.samples * np.float32(0.05), text=sample.text)))
    assert isinstance(quiet, F5Voice)
    assert speech_dbfs(spoken(engine, quiet)) == pytest.approx(speech_dbfs(spoken(engine, copy)), abs=1.0)


def test_one_seed_a_visit_the_same_after_a_restart(engine: F5, copy: F5Voice) -> None:
    again = drained(engine.make_voice(visitor_sample()))
    assert isinstance(again, F5Voice)
    assert np.array_equal(spoken(engine, again), spoken(engine, copy))
    other = VoiceSample(samples=visitor_sample().samples[::-1].copy(), text="")
    assert seed_of(other) != seed_of(visitor_sample())


def test_other_words_are_other_sound(engine: F5, copy: F5Voice) -> None:
    # A network at its zero start would say the same whatever the words.
    one, two = (spoken(engine, copy, text) for text in ("Tell me who you are.", "Show me how it is."))
    n = min(len(one), len(two))
    assert abs(float(np.corrcoef(one[:n], two[:n])[0, 1])) < 0.9


def test_a_sample_whose_words_are_not_known_makes_no_voice(engine: F5) -> None:
    # The package would fetch a recogniser from a hub.
    for text in ("", "...", "No.", "word " * 200):
        with pytest.raises(EngineFailed, match="words"):
            drained(engine.make_voice(VoiceSample(samples=visitor_sample().samples, text=text)))


def test_the_reference_ends_with_silence_and_its_words_with_a_full_stop(copy: F5Voice) -> None:
    assert copy.print is not None
    assert copy.print.text.endswith(". ")
    level = copy.print.frames.mean(dim=1)
    assert float(level[-int((PAUSE_S - 0.05) * 24_000 / HOP) :].max()) < float(level.max()) - 5.0


def test_nothing_is_written_anywhere(engine: F5, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The package leaves the visitor's trimmed voice behind as a temporary file, once a call.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    voice = drained(engine.make_voice(visitor_sample()))
    list(engine.synthesize(WORDS, voice, "en"))
    engine.forget(voice)
    assert list(tmp_path.rglob("*")) == []


def test_a_forgotten_voice_is_overwritten(engine: F5) -> None:
    voice = drained(engine.make_voice(visitor_sample()))
    assert isinstance(voice, F5Voice)
    assert voice.print is not None
    frames = voice.print.frames
    engine.forget(voice)
    assert voice.print is None
    assert not frames.any()


def test_a_voice_forgotten_in_mid_clause_falls_silent(engine: F5) -> None:
    voice = drained(engine.make_voice(visitor_sample()))
    assert voice.name == SELF
    blocks = engine.synthesize(WORDS, voice, "en")
    next(blocks)
    engine.forget(voice)
    with pytest.raises(EngineFailed, match="forgotten"):
        list(blocks)


def test_dutch_is_refused_by_weights_that_never_heard_it(engine: F5) -> None:
    with pytest.raises(EngineFailed, match="speak en, not nl"):
        engine.synthesize("Kom dichterbij.", engine.host, "nl")


def test_without_a_gpu_it_says_so_and_runs_on_the_cpu_only_if_it_may(engine: F5) -> None:
    assert engine.about().device == "cpu fp32"
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(EngineUnavailable, match="nvidia-smi"):
        tiny_f5(device="cuda").warm_up()


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [
        ("model.safetensors", "exactly one"),
        ("vocab.txt", "vocab.txt cannot be read"),
        ("vocos/config.yaml", "--set vocoder=FOLDER"),
        ("vocos/pytorch_model.bin", "Vocos cannot be loaded"),
    ],
)
def test_a_missing_file_is_named_and_no_hub_is_asked(tmp_path: Path, missing: str, complaint: str) -> None:
    folder = _copied(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(EngineUnavailable, match=complaint):
        tiny_f5(model=str(folder)).warm_up()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("model.safetensors", b"\x08\0\0\0\0\0\0\0notjson!", "cannot be read"),
        ("vocab.txt", b"a\nb\n", "first line must be a blank"),
        ("vocab.txt", b" \na\nb\n", "not of one model"),
        ("vocab.txt", b"\xff\xfe", "cannot be read"),
        ("vocos/config.yaml", b"backbone: {class_path: os.system}", "no configuration of Vocos"),
        ("vocos/pytorch_model.bin", b"no weights", "Vocos cannot be loaded"),
    ],
)
def test_a_file_that_is_something_else_is_named(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    folder = _copied(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(EngineUnavailable, match=complaint):
        tiny_f5(model=str(folder)).warm_up()


def test_a_host_without_a_voice_is_told_at_the_start() -> None:
    with pytest.raises(EngineUnavailable, match=r"host_reference no\.wav cannot be read"):
        tiny_f5(host_reference="no.wav").warm_up()


def test_pulled_models_are_looked_for_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="mirror models pull"):
        ENGINES.open(TtsConfig(engine="f5")).warm_up()


@pytest.mark.parametrize(
    "options",
    [{"steps": 0}, {"guidance": 0.0}, {"languages": []}, {"reference_s": [6.0, 4.0]}, {"graph_frames": [512, 9_999]}],
)
def test_settings_that_cannot_work_are_refused_at_once(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        ENGINES.open(TtsConfig(engine="f5", options={"f5": options}))


def _copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(str(tiny_options()["model"]), tmp_path / "model"))
