"""insightface's own swapper as a yardstick, for the benchmark of the paste-back and for tests. Never used to make a picture.

The package is installed without what it asks for (it would bring a second OpenCV and a second onnxruntime): see
requirements-rig-nodeps.txt.
"""

import warnings
from typing import Any

import numpy as np

from services.faceswap.arrays import Floats
from services.faceswap.face_swapper import Image
from shared.errors import EngineUnavailable


class LibrarySwapper:
    """insightface's INSwapper around a network that always answers with the same face: what is left is its own work."""

    def __init__(self, face: Image) -> None:
        """With the answer, shape (size, size, 3), BGR. Raises EngineUnavailable without the package."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from insightface.app.common import Face
                from insightface.model_zoo.inswapper import INSwapper
        except ImportError as error:
            raise EngineUnavailable(
                f"faceswap: insightface cannot be imported ({error}); install services/faceswap/requirements-rig.txt, then "
                "pip install --no-deps -r services/faceswap/requirements-rig-nodeps.txt"
            ) from error
        side = face.shape[0]
        self._face = Face
        self._swapper: Any = object.__new__(INSwapper)
        self._swapper.session = _Always(
            np.ascontiguousarray(face[..., ::-1].transpose(2, 0, 1)[None] / np.float32(255))
        )
        self._swapper.emap = np.eye(512, dtype=np.float32)
        self._swapper.input_mean, self._swapper.input_std = 0.0, 255.0
        self._swapper.input_names, self._swapper.output_names = ["target", "source"], ["output"]
        self._swapper.input_size = (side, side)
        self._source = Face(embedding=np.ones(512, np.float32))

    def swap(self, frame: Image, five: Floats) -> Image:
        """Its whole work on a frame; a new frame comes out."""
        return np.asarray(self._get(frame, five, paste_back=True), np.uint8)

    def swap_without_pasting(self, frame: Image, five: Floats) -> None:
        """The same without the paste-back: the difference is the paste-back."""
        self._get(frame, five, paste_back=False)

    def _get(self, frame: Image, five: Floats, *, paste_back: bool) -> Any:
        with warnings.catch_warnings():
            # Of scikit-image 0.26, at every alignment.
            warnings.simplefilter("ignore", FutureWarning)
            return self._swapper.get(frame, self._face(kps=five), self._source, paste_back=paste_back)


class _Always:
    """An onnxruntime session that needs no time."""

    def __init__(self, answer: Floats) -> None:
        self._answer = answer

    def run(self, names: Any, inputs: Any) -> list[Floats]:
        del names, inputs
        return [self._answer]
