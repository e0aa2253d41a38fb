"""From a recognition network's embedding to what a swapper's network wants to be told of a person."""

import numpy as np

from services.faceswap.arrays import Floats, floats
from shared.errors import EngineUnavailable

EMAP, UNIT, AS_IT_IS = "emap", "unit", "as_it_is"
CONVENTIONS = (EMAP, UNIT, AS_IT_IS)
EMBEDDING = 512


def latent_of(embedding: Floats, convention: str, emap: Floats | None) -> Floats:
    """The latent, shape (1, 512).

    Args:
        embedding: Shape (512,), not all zero, any length.
        convention: `emap`: unit length, times the swapper's own matrix, unit length again (some projects leave the last step
            out; then every face comes out too weak). `unit`: unit length. `as_it_is`: unchanged.
        emap: Shape (512, 512); only for `emap`.
    """
    if convention == AS_IT_IS:
        return floats(embedding[None])
    unit = embedding / np.linalg.norm(embedding)
    if convention == UNIT:
        return floats(unit[None])
    assert emap is not None, "a swapper with an emap is opened with it"
    mapped = unit @ emap
    return floats(mapped[None] / np.linalg.norm(mapped))


def checked_emap(emap: np.ndarray[tuple[int, ...], np.dtype[np.generic]], where: str) -> Floats:
    """The matrix, or a refusal: with a wrong one every visitor silently gets somebody else's face.

    Raises:
        EngineUnavailable: It is no finite (512, 512) matrix of full spread.
    """
    if emap.shape != (EMBEDDING, EMBEDDING):
        raise EngineUnavailable(
            f"faceswap: the emap in {where} has shape {emap.shape}, should be (512, 512); the file was changed by a tool, "
            "take the original"
        )
    matrix = floats(emap)
    if not np.isfinite(matrix).all() or float(matrix.std()) < 1e-6:
        raise EngineUnavailable(f"faceswap: the emap in {where} holds no usable numbers; fetch the file again")
    return matrix
