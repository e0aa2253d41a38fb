"""What is peculiar to each swapper's network, as data: another one is a line here, or a small TOML file beside its weights."""

import tomllib
from pathlib import Path

import msgspec

from services.faceswap.latent import AS_IT_IS, CONVENTIONS, EMAP, UNIT
from services.faceswap.templates import TEMPLATES
from shared.errors import ConfigError

Channels = tuple[float, float, float]
_HALF: Channels = (0.5, 0.5, 0.5)


class SwapperKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a network wants the face it shall change and the person it shall become."""

    size_px: int = 128
    """Pixels a side of the square it takes and gives."""
    template: str = "arcface_128"
    """Where it expects the five points: a name of `templates.TEMPLATES`."""
    mean: Channels = (0.0, 0.0, 0.0)
    """Taken off red, green and blue (each 0..1) before the network."""
    std: Channels = (1.0, 1.0, 1.0)
    """What they are then divided by."""
    is_output_normalised: bool = False
    """Its picture comes out in the same measure; otherwise as 0..1."""
    latent: str = EMAP
    """A name of `latent.CONVENTIONS`."""
    converter: str = ""
    """File of a network that turns the embedding into another recogniser's; empty: none is needed."""


KINDS: dict[str, SwapperKind] = {
    "inswapper_128": SwapperKind(),
    "ghost_256": SwapperKind(
        size_px=256, template="arcface_112_v1", mean=_HALF, std=_HALF, is_output_normalised=True,
        latent=AS_IT_IS, converter="crossface_ghost.onnx",
    ),
    "hyperswap_256": SwapperKind(size_px=256, mean=_HALF, std=_HALF, is_output_normalised=True, latent=UNIT),
    "simswap_256": SwapperKind(
        size_px=256, template="arcface_112_v1", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225),
        latent=UNIT, converter="crossface_simswap.onnx",
    ),
}  # fmt: skip
"""The known ones. ghost is the one whose weights may be exhibited (Apache-2.0)."""


def kind_of(name: str, folder: Path) -> SwapperKind:
    """The kind of that name: of the folder's own `<name>.toml` if there is one, otherwise a known one.

    Raises:
        ConfigError: Neither; or the file says something that is not understood.
    """
    file = folder / f"{name}.toml"
    if not file.is_file():
        if name not in KINDS:
            raise ConfigError(
                f"[faceswap.options.inswapper] swapper {name!r} is unknown; there are {', '.join(KINDS)}, or describe it in {file}"
            )
        return KINDS[name]
    try:
        kind = msgspec.convert(tomllib.loads(file.read_text()), SwapperKind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{file}: {error}") from error
    return _checked(kind, file)


def _checked(kind: SwapperKind, file: Path) -> SwapperKind:
    if kind.template not in TEMPLATES:
        raise ConfigError(f"{file}: template {kind.template!r} is unknown; there are {', '.join(TEMPLATES)}")
    if kind.latent not in CONVENTIONS:
        raise ConfigError(f"{file}: latent {kind.latent!r} is unknown; there are {', '.join(CONVENTIONS)}")
    if kind.size_px < 32 or min(kind.std) <= 0:
        raise ConfigError(f"{file}: size_px must be 32 or more and every std above 0")
    return kind
