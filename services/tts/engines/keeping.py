"""A voice as bytes, for the process that comes after this one. Pure.

MessagePack: the name of who can speak in it, and a struct whose arrays are (dtype, shape, bytes). Nothing in it could be run.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.errors import EngineFailed

T = TypeVar("T", bound=msgspec.Struct)


def packed(author: str, voice: msgspec.Struct) -> bytes:
    """A voice. `author`: engine, version and form of what is kept; no other reads it."""
    return msgspec.msgpack.encode((author, voice), enc_hook=_plain)


def unpacked(author: str, kept: bytes, form: type[T]) -> T:
    """The voice. Raises EngineFailed: these bytes are damaged, or another author's."""
    try:
        written_by, voice = msgspec.msgpack.decode(kept, type=tuple[str, msgspec.Raw])
        if written_by != author:
            raise EngineFailed(f"{author}: what was kept of the voice is from {written_by}")
        return msgspec.msgpack.decode(voice, type=form, dec_hook=_array)
    except (msgspec.MsgspecError, ValueError) as error:  # ValueError: text that is no UTF-8
        raise EngineFailed(f"{author}: what was kept of the voice cannot be read ({error})") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    raise NotImplementedError(f"{type(value).__name__} in a kept voice")


def _array(_wanted: type, value: Any) -> NDArray[np.generic]:
    """What msgspec calls for each array; its ValueError and TypeError become a MsgspecError there."""
    dtype, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes], strict=True)
    if dtype not in _NUMBERS:
        raise ValueError(f"numbers of kind {dtype}")
    return np.frombuffer(data, dtype=dtype).reshape(shape)


_NUMBERS = ("<f2", "<f4", "<f8")
