"""faster-whisper through its real libraries, on a Whisper that says what a test wants."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("faster_whisper")

import ctranslate2
from faster_whisper import WhisperModel

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES
from services.asr.engines.cuda_libraries import preload
from services.asr.engines.fallback import Fallback
from services.asr.engines.fallback import Options as FallbackOptions
from services.asr.engines.faster_whisper import FasterWhisper, Options, load_model
from services.asr.engines.whisper_decoder import Decoder
from services.asr.inference import Inference
from services.asr.invented import Evidence, doubt
from services.asr.senses import LoudnessModel, TimerOnly
from services.asr.transcriber import Pcm
from services.asr.whisper_models import NAMES, english_only, find_folder
from shared.errors import ConfigError, EngineFailed, EngineUnavailable
from shared.events import FinalTranscript
from tests.support.asr_fake_engine import FakeEngine
from tests.support.asr_outlet import Room, chunks_of, silence, tone
from tests.support.asr_scripted_whisper import Play, write_whisper

pytestmark = pytest.mark.engine

ENGLISH = "I am looking at myself in the mirror"
DUTCH = "Ik kijk naar mezelf via een spiegel"
SOUND = np.random.default_rng(3).normal(scale=0.05, size=32_000).astype(np.float32)


def whisper(folder: Path, **play: Any) -> Path:
    return write_whisper(folder / "scripted", Play(**{"says": {"en": ENGLISH}, **play}))


def opened(folder: Path, **options: Any) -> FasterWhisper:
    engine = FasterWhisper(Options(model=str(folder), device="cpu", **options))
    engine.warm_up()
    return engine


# --- what it says -----------------------------------------------------------------------------------------------------


def test_a_folder_of_weights_is_all_it_needs(tmp_path: Path) -> None:
    options = {"faster_whisper": {"model": str(whisper(tmp_path)), "device": "cpu"}}
    engine = ENGINES.open(AsrConfig(engine="faster_whisper", options=options))
    engine.warm_up()
    heard = engine.transcribe(SOUND, "en")
    assert heard.text == ENGLISH
    assert (heard.engine, engine.device) == ("faster_whisper", "cpu")
    assert heard.confidence > 0.9
    assert heard.no_speech < 0.01


def test_the_visits_language_decides_what_is_heard(tmp_path: Path) -> None:
    engine = opened(whisper(tmp_path, says={"en": ENGLISH, "nl": DUTCH}))
    said = [engine.transcribe(SOUND, language).text for language in ("nl", "en", "nl")]
    assert said == [DUTCH, ENGLISH, DUTCH]


def test_it_claims_no_language_that_its_weights_have_no_token_for(tmp_path: Path) -> None:
    assert opened(whisper(tmp_path / "a")).languages == ("en",)
    assert opened(whisper(tmp_path / "b", says={"en": ENGLISH, "nl": DUTCH})).languages == ("en", "nl")


def test_a_distilled_model_claims_english_alone_whatever_its_vocabulary_has(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "distil-large-v3.5", Play(says={"en": ENGLISH, "nl": DUTCH}))
    engine = opened(folder)
    assert engine.languages == ("en",)
    with pytest.raises(EngineUnavailable, match="understands en, not 'nl'"):
        engine.transcribe(SOUND, "nl")
    assert opened(folder, languages=("nl",)).transcribe(SOUND, "nl").text == DUTCH


def test_a_claimed_language_that_the_weights_do_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="does not know nl"):
        opened(whisper(tmp_path), languages=("nl",))


def test_an_english_model_does_not_make_english_of_dutch(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="understands en, not 'nl'"):
        opened(whisper(tmp_path)).transcribe(SOUND, "nl")


def test_special_tokens_are_no_words(tmp_path: Path) -> None:
    engine = opened(whisper(tmp_path, says={"en": "One <|0.40|> two <|12.00|> three"}))
    assert engine.transcribe(SOUND, "en").text == "One two three"


def test_what_was_said_before_changes_nothing(tmp_path: Path) -> None:
    engine = opened(whisper(tmp_path))
    assert [engine.transcribe(SOUND, "en") for _ in range(3)] == [engine.transcribe(SOUND, "en")] * 3


def test_sound_longer_than_a_window_is_heard_to_its_end(tmp_path: Path) -> None:
    heard = opened(whisper(tmp_path), silence_s=1.0).transcribe(np.tile(SOUND, 32), "en")  # 64 s
    assert heard.text == " ".join([ENGLISH] * 3)


def test_a_model_of_128_bands_needs_no_preprocessor_config(tmp_path: Path) -> None:
    folder = whisper(tmp_path, bands=128)
    (folder / "preprocessor_config.json").unlink()
    assert opened(folder).transcribe(SOUND, "en").text == ENGLISH


# --- words nobody said ------------------------------------------------------------------------------------------------


class Counted(Decoder):
    """Notes what each search was asked for."""

    def __init__(self, model: WhisperModel, settings: Any) -> None:
        super().__init__(model, settings)
        self.searches: list[dict[str, int]] = []
        self.frames: list[int] = []

    def _search(self, encoded: Any, seconds: float, language: str, **more: int) -> Any:
        self.searches.append(more)
        self.frames.append(2 * encoded.shape[1])
        return super()._search(encoded, seconds, language, **more)


def counted(folder: Path, **options: Any) -> tuple[FasterWhisper, Counted]:
    engine = opened(folder, **options)
    assert engine._decoder is not None
    decoder = Counted(engine._decoder._model, engine._decoder._settings)
    engine._decoder = decoder
    return engine, decoder


def test_a_clear_utterance_costs_one_search_in_a_short_window(tmp_path: Path) -> None:
    engine, decoder = counted(whisper(tmp_path), silence_s=10.0)
    engine.transcribe(SOUND, "en")
    assert decoder.frames == [1200]


def test_in_doubt_it_listens_once_more_in_the_window_it_was_trained_on_and_then_gives_up(tmp_path: Path) -> None:
    engine, decoder = counted(whisper(tmp_path, is_sure=False), silence_s=10.0)
    assert engine.transcribe(SOUND, "en").confidence < 0.2
    assert decoder.frames == [1200, 3000]


def test_a_decoder_that_goes_in_circles_is_stopped_and_made_to_end(tmp_path: Path) -> None:
    engine, decoder = counted(whisper(tmp_path, never_ends=True), beam=1)
    heard = engine.transcribe(SOUND, "en")
    assert decoder.searches == [{}, {}, {"no_repeat_ngram_size": 3}]
    assert heard.text == f"{ENGLISH} I am"


def test_a_circle_that_cannot_be_broken_ends_at_the_limit_and_is_not_believed(tmp_path: Path) -> None:
    engine, decoder = counted(whisper(tmp_path, says={"en": " ".join(f"w{i}" for i in range(55))}))
    heard = engine.transcribe(SOUND[:4800], "en")
    assert len(heard.text.split()) == 16 + 3  # spare tokens and 9 a second
    assert len(decoder.searches) == 3
    assert doubt(heard.text, Evidence(speech_s=0.3, span_s=0.3, mean_p=0.9)) == "invented"


def test_an_unsure_text_where_nobody_speaks_is_no_text(tmp_path: Path) -> None:
    engine, decoder = counted(whisper(tmp_path, hears_nobody=True, is_sure=False))
    heard = engine.transcribe(SOUND, "en")
    assert (heard.text, heard.confidence) == ("", 0.0)
    assert heard.no_speech > 0.9
    assert len(decoder.searches) == 1


def test_a_sure_text_where_nobody_speaks_is_left_to_the_evidence(tmp_path: Path) -> None:
    heard = opened(whisper(tmp_path, hears_nobody=True)).transcribe(SOUND, "en")
    assert heard.text == ENGLISH
    assert heard.no_speech > 0.9
    sparse = Evidence(speech_s=0.6, span_s=3.0, mean_p=0.9, no_speech=heard.no_speech)
    assert doubt(heard.text, sparse) == "noise"


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.fixture
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


BREAKAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda folder: (folder / "model.bin").unlink(), "lacks model.bin"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "lacks config.json"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "lacks tokenizer.json"),
    "no vocabulary": (lambda folder: (folder / "vocabulary.json").unlink(), "lacks vocabulary.json or vocabulary.txt"),
    "a pointer": (lambda folder: (folder / "model.bin").write_text("version 1\noid sha256:00\n"), "git-lfs"),
    "half weights": (
        lambda folder: (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:150_000]),
        "download the model again|README",
    ),
    "broken config": (lambda folder: (folder / "config.json").write_text("{"), "config.json is broken"),
    "broken tokenizer": (lambda folder: (folder / "tokenizer.json").write_text('{"a": 1'), "tokenizer.json is broken"),
    "another tokenizer": (lambda folder: (folder / "tokenizer.json").write_text("{}"), "tokenizer.json is broken"),
}


@pytest.mark.usefixtures("nobody_is_asked")
@pytest.mark.parametrize("name", BREAKAGES)
def test_a_folder_that_is_not_whole_is_refused_with_what_it_lacks(tmp_path: Path, name: str) -> None:
    folder = whisper(tmp_path)
    harm, says = BREAKAGES[name]
    harm(folder)
    with pytest.raises(EngineUnavailable, match=says):
        opened(folder)


@pytest.mark.usefixtures("nobody_is_asked")
@pytest.mark.parametrize("model", ["Systran/faster-whisper-tiny", "tiny.de", "", "no/such/folder"])
def test_a_name_of_a_hub_is_never_looked_up(model: str) -> None:
    with pytest.raises(EngineUnavailable, match=r"distil-large-v3.5, large-v3-turbo, small.en"):
        FasterWhisper(Options(model=model, device="cpu")).warm_up()


def test_a_known_name_is_a_folder_among_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    folder = write_whisper(tmp_path / "whisper" / "small.en", Play(says={"en": ENGLISH}))
    assert find_folder("small.en") == folder
    with pytest.raises(EngineUnavailable, match="models pull --profile rig"):
        find_folder("large-v3-turbo")


def test_the_english_models_are_known_by_name() -> None:
    assert {name for name in NAMES if english_only(name)} == {
        "distil-large-v3.5", "distil-large-v3", "distil-medium.en", "distil-small.en",
        "small.en", "medium.en", "base.en", "tiny.en",
    }  # fmt: skip
    assert english_only("/models/faster-distil-whisper-large-v3")
    assert not english_only("/distil/large-v3-turbo")


# --- the device -------------------------------------------------------------------------------------------------------

HAS_GPU = ctranslate2.get_cuda_device_count() > 0


def test_auto_says_honestly_where_it_computes() -> None:
    assert FasterWhisper(Options()).device == ("cuda" if HAS_GPU else "cpu")


@pytest.mark.skipif(HAS_GPU, reason="here is a GPU")
def test_a_gpu_that_was_asked_for_and_is_missing_is_not_replaced_in_silence(tmp_path: Path) -> None:
    engine = FasterWhisper(Options(model=str(whisper(tmp_path)), device="cuda"))
    with pytest.raises(EngineUnavailable, match="driver"):
        engine.warm_up()


def test_the_version_names_the_arithmetic_that_is_really_used(tmp_path: Path) -> None:
    engine = opened(whisper(tmp_path), compute_type="float32")
    assert engine.version.endswith("scripted float32")


def test_an_arithmetic_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="compute_type"):
        opened(whisper(tmp_path), compute_type="float13")


@pytest.mark.parametrize("options", [{"device": "tpu"}, {"beam": 0}, {"silence_s": 31}, {"beams": 5}])
def test_a_wrong_option_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"asr\.options\.faster_whisper"):
        ENGINES.open(AsrConfig(engine="faster_whisper", options={"faster_whisper": options}))


def test_cublas_is_opened_from_its_wheel_in_the_order_of_need(tmp_path: Path) -> None:
    lib = tmp_path / "cublas" / "lib"
    lib.mkdir(parents=True)
    for name in ("libcublas.so.12", "libcublasLt.so.12", "libcublas.so.13"):
        (lib / name).touch()
    loaded: list[str] = []
    assert preload(loaded.append, (tmp_path / "elsewhere", tmp_path)) == ("libcublasLt.so.12", "libcublas.so.12")
    assert loaded == [str(lib / "libcublasLt.so.12"), str(lib / "libcublas.so.12")]


def test_without_the_wheels_the_systems_libraries_are_left_to_be_found() -> None:
    assert preload(pytest.fail, ()) == ()


def test_a_library_that_does_not_open_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "cublas" / "lib").mkdir(parents=True)
    (tmp_path / "cublas" / "lib" / "libcublas.so.12").touch()

    def broken(path: str) -> None:
        raise OSError(f"{path}: file too short")

    assert preload(broken, (tmp_path,)) == ()


# --- a GPU that fails (at the port: none is here) ---------------------------------------------------------------------

OUT_OF_MEMORY = "CUDA failed with error out of memory"
NO_CUBLAS = "Library libcublas.so.12 is not found or cannot be loaded"


class Gpu:
    """Brings weights in, and fails when it is told to."""

    def __init__(self) -> None:
        self.fails_at_load = self.fails_at_encode = ""
        self.loads = 0

    def __call__(self, options: Options, folder: str, device: str) -> WhisperModel:
        self.loads += 1
        if self.fails_at_load:
            raise RuntimeError(self.fails_at_load)
        model = load_model(msgspec.structs.replace(options, compute_type="int8"), folder, "cpu")
        encode = model.encode

        def encode_or_fail(features: Pcm) -> Any:
            if self.fails_at_encode:
                raise RuntimeError(self.fails_at_encode)
            return encode(features)

        model.encode = encode_or_fail
        return model


def on_a_gpu(folder: Path) -> tuple[FasterWhisper, Gpu]:
    gpu = Gpu()
    return FasterWhisper(Options(model=str(folder), device="cuda"), gpu), gpu


def test_a_gpu_without_room_for_the_weights_makes_it_unavailable(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    gpu.fails_at_load = OUT_OF_MEMORY
    with pytest.raises(EngineUnavailable, match=r"out of memory; free GPU memory, .*int8_float16"):
        engine.warm_up()


def test_a_missing_cublas_is_found_while_warming_up_and_not_by_a_visitor(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    gpu.fails_at_encode = NO_CUBLAS
    with pytest.raises(EngineUnavailable, match="nvidia-cublas-cu12"):
        engine.warm_up()


def test_a_gpu_out_of_memory_on_one_utterance_fails_on_that_alone(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    engine.warm_up()
    gpu.fails_at_encode = OUT_OF_MEMORY
    with pytest.raises(EngineFailed, match="on cuda: CUDA failed with error out of memory; free GPU memory"):
        engine.transcribe(SOUND, "en")
    gpu.fails_at_encode = ""
    assert engine.transcribe(SOUND, "en").text == ENGLISH
    assert gpu.loads == 1


def test_a_gpu_whose_context_is_lost_is_told_as_such_to_whoever_keeps_the_process(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    inference = Inference(Fallback([engine, FakeEngine("second")]), LoudnessModel, TimerOnly)
    engine.warm_up()
    gpu.fails_at_encode = "CUDA failed with error an illegal memory access was encountered"
    heard = asyncio.run(inference.decode(np.zeros(16_000, np.int16), "en", 1))
    health = inference.health()
    assert (heard.transcription.engine, health.is_lost, health.fallbacks) == ("second", True, 1)
    assert not Inference(engine, LoudnessModel, TimerOnly).health().is_lost
    inference.close()


def test_warming_up_again_after_a_failure_brings_the_weights_in_anew(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    engine.warm_up()
    gpu.fails_at_encode = OUT_OF_MEMORY
    with pytest.raises(EngineUnavailable):
        engine.warm_up()
    gpu.fails_at_encode = ""
    engine.warm_up()
    assert gpu.loads == 2
    assert engine.transcribe(SOUND, "en").text == ENGLISH


def test_before_it_is_warm_and_after_it_is_closed_it_is_not_there(tmp_path: Path) -> None:
    engine = FasterWhisper(Options(model=str(whisper(tmp_path)), device="cpu", languages=("en",)))
    with pytest.raises(EngineUnavailable, match="not open"):
        engine.transcribe(SOUND, "en")
    engine.warm_up()
    engine.close()
    with pytest.raises(EngineUnavailable, match="not open"):
        engine.transcribe(SOUND, "en")


async def test_a_gpu_that_fails_in_the_middle_of_a_visit_loses_no_utterance(tmp_path: Path) -> None:
    engine, gpu = on_a_gpu(whisper(tmp_path))
    pair = Fallback([engine, ENGINES.open(AsrConfig(engine="scripted"))], FallbackOptions(patience_s=60.0))
    inference = Inference(pair, LoudnessModel, TimerOnly)
    await inference.warm_up()
    sound = np.concatenate([silence(0.5), tone(1.0), silence(1.5)])
    room = Room(inference)
    async with room.driver(AsrConfig(partial_step_s=0.0).ear()) as driver:
        for number, failure in enumerate(("", OUT_OF_MEMORY, "")):
            gpu.fails_at_encode = failure
            await driver.hear(chunks_of(sound, first=1 + number * len(chunks_of(sound))))
            assert inference.health().is_degraded == bool(failure)
            assert ("out of memory" in inference.health().last_error) == bool(failure)
    inference.close()
    heard = [(final.engine, final.text) for final in room.outlet.all(FinalTranscript)]
    assert heard == [("faster_whisper", ENGLISH), ("scripted", "I am here."), ("faster_whisper", ENGLISH)]
    assert inference.health().fallbacks >= 1
