"""One loaded F5: words and a voice in, sound out, in steps as short as one look of the network."""

from collections.abc import Iterator

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from services.tts.engines.f5.flow import flow, noise
from services.tts.engines.f5.graphs import bucketed
from services.tts.engines.f5.guards import Echo, check_frames
from services.tts.engines.f5.loading import Loaded
from services.tts.engines.f5.mel import FRAMES_PER_S, SILENCE, log_mel
from services.tts.engines.f5.pacing import pace_of
from services.tts.engines.f5.reference import Reference
from services.tts.engines.f5.schedule import instants
from services.tts.engines.f5.velocity import LONGEST, Velocity
from shared.errors import EngineFailed

_NOTHING = np.zeros(0, dtype=np.float32)


class VoicePrint(msgspec.Struct, frozen=True):
    """What is kept of a voice: a few seconds of it as a spectrogram, and its words. Of a visitor it is biometric."""

    frames: torch.Tensor
    """Log mel, float32, on the network's device, shape (n, BANDS)."""
    text: str
    pace: float
    """Characters a second."""
    seed: int
    echo: Echo


class Speech:
    """The network, the vocoder and the way between them. For one thread at a time."""

    def __init__(self, loaded: Loaded, velocity: Velocity, steps: int) -> None:
        self._loaded = loaded
        self._velocity = velocity
        self._at = instants(steps)
        self._embedded = loaded.network.instants(self._at)

    def print_of(self, heard: Reference, seed: int) -> VoicePrint:
        """What is kept of a voice."""
        frames = log_mel(torch.from_numpy(heard.sound)).clone()
        return self.print_from(frames.numpy(), heard.text, pace_of(heard.text, heard.speech_s), seed)

    def print_from(self, frames: NDArray[np.float32], text: str, pace: float, seed: int) -> VoicePrint:
        """The same of its parts, `frames` in the memory of this machine."""
        on_device = torch.from_numpy(frames).to(self._loaded.network.device)
        return VoicePrint(on_device, text, pace, seed, Echo(frames))

    def say(self, text: str, seconds: float, voice: VoicePrint) -> Iterator[NDArray[np.float32]]:
        """The words in about `seconds`: nothing, once a step, and at last the whole, 24 kHz, shape (n,).

        Raises:
            EngineFailed: The result is no speech.
        """
        tokens = self._loaded.tokens(voice.text + text)
        wanted = round(seconds * FRAMES_PER_S)
        frames = bucketed(max(len(voice.frames) + wanted, len(tokens) + 1))
        if frames > LONGEST:
            raise EngineFailed(f"f5: {seconds:.0f} s in one clause; cut it")
        known = _padded(voice.frames, frames - wanted)
        network = self._loaded.network
        wish = network.wish(known, tokens, frames)
        x = noise(frames, voice.seed).to(network.device)
        for made in flow(self._velocity, wish, x, self._at, self._embedded):
            x = made
            yield _NOTHING
        speech = x[0, len(known) :]
        check = speech.float().cpu().numpy()
        check_frames(check)
        voice.echo.check(check)
        yield self._loaded.vocos.sound(speech).float().cpu().numpy()


def _padded(frames: torch.Tensor, length: int) -> torch.Tensor:
    """With silence behind, so that reference and clause fill a bucket."""
    return torch.nn.functional.pad(frames, (0, 0, 0, length - len(frames)), value=SILENCE)
