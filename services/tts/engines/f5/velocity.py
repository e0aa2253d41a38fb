"""One look of the network at a half-made spectrogram: in which direction, and how fast, it becomes speech."""

from typing import Any, Protocol

import msgspec
import torch

from services.tts.engines.f5.mel import BANDS

LONGEST = 4_096
"""Frames, reference included, 44 s: positions are laid out for so many."""


class Wish(msgspec.Struct, frozen=True):
    """What one clause asks of the network; the same in each of its steps."""

    known: torch.Tensor
    """The reference's frames, zero where speech is to be made: shape (1, frames, BANDS)."""
    text: torch.Tensor
    """Embedded words of reference and clause: shape (1, frames, text)."""
    no_text: torch.Tensor
    """The same of no words, for guidance."""

    @property
    def frames(self) -> int:
        """Length of everything, reference included."""
        return int(self.known.shape[1])


class Velocity(Protocol):
    """The network, however it is run."""

    def __call__(self, x: torch.Tensor, wish: Wish, instant: torch.Tensor) -> torch.Tensor:
        """Guided velocity at `x`, shape (1, frames, BANDS), of the network's dtype; `instant`: embedded time, shape (1, dim)."""
        ...


class Network:
    """The transformer, taken apart: what stays the same in a clause, or in all of them, is computed once."""

    def __init__(self, dit: Any, guidance: float) -> None:
        self._dit = dit
        self._guidance = guidance
        weight = dit.proj_out.weight
        self.dtype: torch.dtype = weight.dtype
        self.device: torch.device = weight.device
        self.dim: int = dit.dim
        self.text_dim: int = dit.text_embed.text_embed.weight.shape[1]
        self.parameters = sum(parameter.numel() for parameter in dit.parameters())
        # Computed in float32 and kept so: in half precision the 800th position is only known to half a radian.
        self._positions, self._scale = dit.rotary_embed.forward_from_seq_len(LONGEST)

    @torch.inference_mode()
    def wish(self, reference: torch.Tensor, tokens: list[int], frames: int) -> Wish:
        """`reference`: its frames, shape (n, BANDS); `tokens` of its words and the clause's; `frames`: length of both."""
        known = torch.zeros(1, frames, BANDS, device=self.device, dtype=self.dtype)
        known[0, : len(reference)] = reference
        ids = torch.tensor([tokens], device=self.device)
        return Wish(
            known=known,
            text=self._dit.text_embed(ids, seq_len=frames, drop_text=False),
            no_text=self._dit.text_embed(ids, seq_len=frames, drop_text=True),
        )

    @torch.inference_mode()
    def instants(self, at: torch.Tensor) -> torch.Tensor:
        """Embedded times, shape (len(at), dim). One at a time, as in a step: a batch is rounded differently."""
        at = at.to(self.device, self.dtype)
        return torch.cat([self._dit.time_embed(at[i : i + 1]) for i in range(len(at))])

    @torch.inference_mode()
    def __call__(self, x: torch.Tensor, wish: Wish, instant: torch.Tensor) -> torch.Tensor:
        """See Velocity. With words and without, in one batch of two."""
        dit = self._dit
        with_words = dit.input_embed(x, wish.known, wish.text)
        without = dit.input_embed(x, torch.zeros_like(wish.known), wish.no_text)
        hidden, both = torch.cat((with_words, without)), torch.cat((instant, instant))
        positions = self._positions[:, : x.shape[1]], self._scale
        for block in dit.transformer_blocks:
            hidden = block(hidden, both, mask=None, rope=positions)
        guided, free = dit.proj_out(dit.norm_out(hidden, both)).chunk(2)
        moved: torch.Tensor = guided + (guided - free) * self._guidance
        return moved
