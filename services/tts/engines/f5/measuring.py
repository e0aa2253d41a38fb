"""How fast F5 is here: by steps, by length, plainly and with graphs. Real weights where they are, else random ones of full size."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import torch

from services.tts.engines.f5.graphs import Graphs, bucketed, cuda_capture
from services.tts.engines.f5.loading import Loaded, load
from services.tts.engines.f5.mel import FRAMES_PER_S, HOP
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.pacing import seconds_for
from services.tts.engines.f5.random_weights import BASE, write_random_weights
from services.tts.engines.f5.reference import reference, seed_of
from services.tts.engines.f5.speech import Speech, VoicePrint
from services.tts.engines.f5.velocity import Velocity
from services.tts.steps import drained
from services.tts.synthesizer import VoiceSample
from shared.audio import VOICE_HZ
from shared.models import models_dir

Progress = Callable[[float, str], None]


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One length at one number of steps, several times."""

    mode: str
    """plain, or graphs."""
    steps: int
    text: str
    frames: int
    """Reference, slack and speech."""
    speech_s: float
    took_s: tuple[float, ...]
    """Words to samples in this process's memory."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid once."""

    load_s: float
    voice_s: float
    """Reference, spectrogram and words; without the calibration clause."""
    record_s: float
    """Graphs, all lengths that were measured; 0 without."""
    vocoder_s: float
    """Of a clause of two seconds, within its time."""
    peak_gb: float
    """Of the GPU's memory; 0 without one."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    weights: str
    """Whose they are, and how many."""
    device: str
    parts: Parts
    timings: tuple[Timing, ...]
    refused: dict[int, str]
    """Lengths whose graph did not prove equal, and why."""


@contextlib.contextmanager
def folder_for(options: Options) -> Iterator[tuple[Options, bool]]:
    """Options with a folder that is there; True if its weights are random, made for now, gone afterwards.

    Raises:
        EngineUnavailable: A package is missing.
    """
    if options.model or (models_dir() / "f5").exists():
        yield options, False
        return
    with tempfile.TemporaryDirectory(prefix="random-f5-") as folder:
        write_random_weights(Path(folder), BASE)
        yield msgspec.structs.replace(options, model=folder), True


def has_gpu() -> bool:
    """Whether there is one."""
    return bool(torch.cuda.is_available())


def measure(
    options: Options, sample: VoiceSample, plan: list[tuple[int, str]], progress: Progress, *, is_random: bool
) -> Measured:
    """Time every (steps, text) of `plan`: once to warm up, then once (CPU) or 20 times (GPU). Raises EngineUnavailable."""
    began = time.perf_counter()
    loaded = load(options)
    load_s = time.perf_counter() - began
    on_gpu = loaded.network.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    heard = drained(reference(sample, None, options.reference_s, options.languages[0]))
    voice = Speech(loaded, loaded.network, 7).print_of(heard, seed_of(sample))
    voice_s = time.perf_counter() - began
    timings = [_timing(loaded, loaded.network, "plain", voice, one) for one in _told(plan, progress, on_gpu=on_gpu)]
    graphs, record_s = (
        _graphs(loaded, [timing.frames for timing in timings]) if on_gpu and options.graphs else (None, 0.0)
    )
    if graphs is not None:
        timings += [_timing(loaded, graphs, "graphs", voice, one) for one in _told(plan, progress, on_gpu=on_gpu)]
    parts = Parts(
        load_s=load_s,
        voice_s=voice_s,
        record_s=record_s,
        vocoder_s=_vocoder_s(loaded),
        peak_gb=torch.cuda.max_memory_allocated() / 2**30 if on_gpu else 0.0,
    )
    device = torch.cuda.get_device_name() if on_gpu else f"cpu, {torch.get_num_threads()} threads"
    precision = str(loaded.network.dtype).removeprefix("torch.")
    return Measured(
        weights=f"{'random' if is_random else 'given'}, {loaded.network.parameters / 1e6:.1f} million",
        device=f"{device}, {precision}",
        parts=parts,
        timings=tuple(timings),
        refused=graphs.refused if graphs else {},
    )


def _told(plan: list[tuple[int, str]], progress: Progress, *, on_gpu: bool) -> Iterator[tuple[int, str, int]]:
    for number, (steps, text) in enumerate(plan):
        progress(number / len(plan), f"f5: {steps} steps, {len(text)} characters")
        yield steps, text, 20 if on_gpu else 1


def _timing(loaded: Loaded, velocity: Velocity, mode: str, voice: VoicePrint, one: tuple[int, str, int]) -> Timing:
    steps, text, times = one
    speech = Speech(loaded, velocity, steps)
    seconds = seconds_for(text, voice.pace)
    frames = bucketed(len(voice.frames) + round(seconds * FRAMES_PER_S))
    took: list[float] = []
    samples = 0
    for _ in range(times + (1 if times > 1 else 0)):
        began = time.perf_counter()
        *_, sound = speech.say(text, seconds, voice)
        took.append(time.perf_counter() - began)
        samples = len(sound)
    return Timing(
        mode=mode,
        steps=steps,
        text=text,
        frames=frames,
        speech_s=samples / VOICE_HZ,
        took_s=tuple(took[1:] if times > 1 else took),
    )


def _graphs(loaded: Loaded, lengths: list[int]) -> tuple[Graphs, float]:
    graphs = Graphs(loaded.network, cuda_capture())
    began = time.perf_counter()
    list(graphs.record(lengths))
    return graphs, time.perf_counter() - began


def _vocoder_s(loaded: Loaded) -> float:
    frames = torch.randn(2 * VOICE_HZ // HOP, 100)
    loaded.vocos.sound(frames).cpu()
    began = time.perf_counter()
    loaded.vocos.sound(frames).cpu()
    return time.perf_counter() - began
