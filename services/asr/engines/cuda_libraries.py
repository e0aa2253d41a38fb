"""Makes cuBLAS known to the process where it came as a wheel. CTranslate2 opens it by name at its first matrix product."""

import ctypes
import importlib.util
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

LOG = logging.getLogger(__name__)

LIBRARIES = (
    ("cublas", "libcublasLt.so.12"),
    ("cublas", "libcublas.so.12"),
    ("cudnn", "libcudnn.so.9"),
)
"""In the order in which they need each other. cuDNN is not asked for by CTranslate2 from 4.6.3 on; loaded only where it is."""

Load = Callable[[str], object]


def _load_for_all(path: str) -> object:
    """Open a library so that others that name it find it. LD_LIBRARY_PATH would have to be set before Python starts."""
    return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


def preload(load: Load = _load_for_all, roots: tuple[Path, ...] | None = None) -> tuple[str, ...]:
    """Open what the nvidia wheels brought; returns the names. Libraries of the system are found without us."""
    roots = tuple(_wheels()) if roots is None else roots
    opened: list[str] = []
    for package, name in LIBRARIES:
        for path in (root / package / "lib" / name for root in roots):
            if not path.is_file():
                continue
            try:
                load(str(path))
            except OSError as error:
                LOG.warning("a CUDA library could not be opened", extra={"library": name, "error": str(error)})
            else:
                opened.append(name)
                break
    return tuple(opened)


def _wheels() -> Iterator[Path]:
    """Folders of the namespace package `nvidia`, one a place where wheels are installed."""
    spec = importlib.util.find_spec("nvidia")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place)
