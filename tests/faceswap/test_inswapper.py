"""The rig's engine on networks in miniature, held against insightface's own classes; and everything that may go wrong in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from services.faceswap import topology
from services.faceswap.alignment import Square, eye_distance, five_points
from services.faceswap.arrays import Floats, floats
from services.faceswap.blending import paste
from services.faceswap.engines.fallback import Fallback
from services.faceswap.engines.inswapper import IdentitySource, Inswapper, Options
from services.faceswap.engines.inswapper_detecting import Answer
from services.faceswap.engines.inswapper_networks import Networks, Swapper
from services.faceswap.engines.inswapper_open import open_networks
from services.faceswap.engines.inswapper_runtime import OutOfMemory
from services.faceswap.engines.mesh_warp import MeshWarp
from services.faceswap.engines.mesh_warp import Options as MeshOptions
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image, Points
from services.faceswap.warping import Box, polygon_mask
from shared.errors import BadInput, EngineFailed, EngineUnavailable
from tests.support.faceswap_world import another_face, head, pose
from tests.support.tiny_face_models import MAGENTA, Trouble, write_ghost, write_models

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore:.*estimate.*:FutureWarning")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_models(tmp_path)


@pytest.fixture
def engine(folder: Path) -> Iterator[Inswapper]:
    made = Inswapper(Options(model=str(folder)))
    yield made
    made.close()


def landmarks(frame: Image) -> Points:
    points = FaceMesh().track(frame)
    assert points is not None
    return points


class Scripted:
    """A network that gives back what it is told: a picture, or a failure to raise."""

    def __init__(self, *answers: Floats | Exception) -> None:
        self.answers = list(answers)

    def run(self, *inputs: Floats) -> list[Floats]:
        answer = self.answers.pop(0) if self.answers else inputs[0]
        if isinstance(answer, Exception):
            raise answer
        return [answer]


def scripted(folder: Path, *answers: Floats | Exception) -> tuple[Inswapper, list[Networks]]:
    """An engine whose swapper is scripted, and every set of networks it opened."""
    opened: list[Networks] = []
    network = Scripted(*answers)

    def opener(options: Options) -> Networks:
        real = open_networks(options)
        opened.append(real._replace(swapper=Swapper(network, real.kind, "test")))
        return opened[-1]

    return Inswapper(Options(model=str(folder)), opener), opened


# --- as insightface does it


def test_latent_square_and_swapped_face_are_insightfaces_own(folder: Path) -> None:
    zoo = pytest.importorskip("insightface.model_zoo")
    from insightface.app.common import Face
    from insightface.utils import face_align

    photo, frame = another_face(), head()
    five, photo_five = five_points(landmarks(frame)), five_points(landmarks(photo))
    source, target = Face(kps=photo_five), Face(kps=five)
    zoo.get_model(str(folder / "w600k_r50.onnx"), providers=["CPUExecutionProvider"]).get(photo, source)
    theirs = zoo.get_model(str(folder / "inswapper_128.onnx"), providers=["CPUExecutionProvider"])
    networks = open_networks(Options(model=str(folder)))
    latent = networks.latent(photo, photo_five)
    their_latent = source.normed_embedding.reshape(1, -1) @ theirs.emap
    assert np.allclose(latent, their_latent / np.linalg.norm(their_latent), atol=1e-5)
    square, matrix = face_align.norm_crop2(frame, five, 128)
    their_face, _ = theirs.get(frame, target, source, paste_back=False)
    ours = networks.swapper.swap(np.asarray(cv2.warpAffine(frame, matrix, (128, 128)), np.uint8), latent)
    assert (square == cv2.warpAffine(frame, matrix, (128, 128))).all()
    assert np.abs(ours.astype(int) - their_face).max() <= 1


def test_the_detector_finds_what_insightfaces_detector_finds(folder: Path) -> None:
    scrfd = pytest.importorskip("insightface.model_zoo.scrfd")
    picture = np.zeros((320, 320, 3), np.uint8)
    cv2.circle(picture, (200, 130), 12, MAGENTA, -1)
    theirs = scrfd.SCRFD(str(folder / "det_10g.onnx"))
    theirs.prepare(-1, input_size=(320, 320), det_thresh=0.5)
    _, points = theirs.detect(picture)
    detector = open_networks(Options(model=str(folder))).detector
    whole = Square(160.0, 160.0, 320.0, 0.0)
    found = detector.find(detector.cut(picture, whole), whole)
    assert found is not None
    assert np.abs(found - points[0]).max() < 0.01


# --- what it shows


def test_one_visitors_latent_is_the_same_at_every_photo_and_another_is_another(engine: Inswapper) -> None:
    one, again, other = (engine.prepare(photo).latent for photo in (another_face(), another_face(), head()))
    assert (one == again).all()
    assert float((one @ other.T)[0, 0]) < 0.99
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-5)


def test_a_photo_without_a_face_is_refused(engine: Inswapper) -> None:
    with pytest.raises(BadInput, match="no face"):
        engine.prepare(np.full((300, 300, 3), 80, np.uint8))


def test_what_is_seen_between_the_lips_is_the_virtual_humans_own(engine: Inswapper) -> None:
    frame = head(pose(jawOpen=0.8))
    points = landmarks(frame)
    patch = engine.swap(frame, engine.prepare(another_face()), points)
    assert patch is not None
    inside = polygon_mask(points[list(topology.INNER_LIPS)], Box(0, 0, 640, 480))
    deep = cv2.erode(inside, np.ones((7, 7), np.uint8)) == 255
    assert deep.sum() > 50
    assert np.abs(paste(frame, patch).astype(int) - frame)[deep].max() <= 2


class Pointing:
    """A detector that says the same of every frame, and keeps count."""

    side = 320

    def __init__(self, five: Floats | None) -> None:
        self.five = five
        self.asked = 0

    def cut(self, frame: Image, square: Square) -> Image:
        return frame

    def find(self, cut: Image, square: Square) -> Floats | None:
        self.asked += 1
        return self.five


class AtOnce:
    """In the place of the detector's thread: the answer to a question is there at the next frame."""

    def __init__(self, detector: Pointing) -> None:
        self.detector = detector
        self.said: list[Answer] = []

    def ask(self, cut: Image, square: Square) -> None:
        self.said = [Answer(1, self.detector.find(cut, square))]

    def answer(self) -> Answer | None:
        return self.said.pop() if self.said else None

    def forget(self) -> None:
        self.said = []

    def close(self) -> None:
        """Nothing to end."""


def detecting(folder: Path, detector: Any) -> Inswapper:
    engine = Inswapper(Options(model=str(folder)), lambda options: open_networks(options)._replace(detector=detector))
    engine._detecting = AtOnce(detector)  # type: ignore[assignment]  # the same without a thread
    return engine


def test_the_face_is_aligned_on_the_detectors_points_where_it_sees_this_face(folder: Path) -> None:
    frame = head()
    points, lefts = landmarks(frame), []
    for five in (
        None,
        five_points(points),
        five_points(points) + floats([9, 0]),
        five_points(points) + floats([300, 0]),
    ):
        engine = detecting(folder, Pointing(five))
        patch = engine.swap(frame, engine.prepare(another_face()), points)
        engine.close()
        assert patch is not None
        lefts.append(patch.left)
    # Nothing found, the mesh's own points, nine pixels beside them, and another face altogether.
    assert [left - lefts[0] for left in lefts] == [0, 0, 9, 0]


def test_the_detector_is_asked_on_the_first_frame_and_every_third_from_there(folder: Path) -> None:
    frame = head()
    points = landmarks(frame)
    detector = Pointing(five_points(points))
    engine = detecting(folder, detector)
    source = engine.prepare(another_face())
    detector.asked, asked = 0, []
    for _ in range(8):
        engine.swap(frame, source, points)
        asked.append(detector.asked)
    engine.close()
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3]


def test_a_detector_with_a_fixed_picture_is_taken_as_it_is(tmp_path: Path) -> None:
    networks = open_networks(Options(model=str(write_models(tmp_path, detector_px=640)), detector_px=320))
    assert networks.detector.side == 640


def test_a_ghost_style_swapper_shows_the_visitor_as_well(folder: Path) -> None:
    write_ghost(folder)
    engine = Inswapper(Options(model=str(folder), swapper="ghost_256", tone_match=0.0))
    frame = head()
    points, shown = landmarks(frame), []
    for photo in (another_face(), head()):
        patch = engine.swap(frame, engine.prepare(photo), points)
        assert patch is not None
        shown.append(paste(frame, patch).astype(int))
    engine.close()
    assert np.abs(shown[0] - shown[1]).mean() > 1
    changed = np.abs(shown[0] - frame).max(axis=2) > 2
    assert 0.02 < changed.mean() < 0.5


@pytest.mark.parametrize("mask", ["face", "oval", "square"])
def test_each_mask_leaves_the_rim_of_the_face_to_the_frame(folder: Path, mask: Any) -> None:
    engine = Inswapper(Options(model=str(folder), mask=mask))
    frame = head()
    patch = engine.swap(frame, engine.prepare(another_face()), landmarks(frame))
    engine.close()
    assert patch is not None
    assert patch.mask.max() == 255
    assert max(patch.mask[0].max(), patch.mask[:, 0].max(), patch.mask[-1].max(), patch.mask[:, -1].max()) <= 5


def test_nothing_behind_a_turned_head_is_swapped(folder: Path) -> None:
    frame = head()
    points = landmarks(frame)
    outline = points[list(topology.OVAL), :2]
    around = outline.mean(axis=0) + 1.25 * (outline - outline.mean(axis=0))
    outside = polygon_mask(around, Box(0, 0, 640, 480)) == 0
    engine = Inswapper(Options(model=str(folder)))
    patch = engine.swap(frame, engine.prepare(another_face()), points)
    engine.close()
    assert patch is not None
    assert np.abs(paste(frame, patch).astype(int) - frame)[outside].max() <= 2


def test_every_step_of_a_swap_is_told_of(folder: Path) -> None:
    steps: list[str] = []
    engine = Inswapper(Options(model=str(folder)), on_step=steps.append)
    engine.swap(head(), engine.prepare(another_face()), landmarks(head()))
    engine.close()
    assert steps == ["track", "align", "network", "light", "lay back"]


def test_where_it_computes_is_said_and_a_cpu_in_place_of_a_gpu_is_not_hidden(engine: Inswapper, folder: Path) -> None:
    engine.warm_up()
    assert engine.device == "cpu (onnxruntime has no GPU)"
    chosen = Inswapper(Options(model=str(folder), device="cpu"))
    chosen.warm_up()
    assert chosen.device == "cpu"


def test_a_gpu_that_was_asked_for_by_name_is_not_replaced(folder: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"cuda was asked for, but .* knows only cpu"):
        Inswapper(Options(model=str(folder), device="cuda")).warm_up()


# --- what may go wrong


@pytest.mark.parametrize(("trouble", "said"), [("flat", "flat picture"), ("nan", "numbers that are none")])
def test_a_network_that_draws_nothing_is_a_failure_not_a_face(tmp_path: Path, trouble: Trouble, said: str) -> None:
    engine = Inswapper(Options(model=str(write_models(tmp_path, trouble=trouble)), detect_every=1000))
    source = IdentitySource(engine="inswapper", latent=np.full((1, 512), 0.04, np.float32))
    with pytest.raises(EngineFailed, match=said):
        engine.swap(head(), source, landmarks(head()))
    with pytest.raises(EngineUnavailable, match=said):
        engine.warm_up()
    engine.close()


def test_a_black_frame_is_no_failure_of_the_network(engine: Inswapper) -> None:
    source, points = engine.prepare(another_face()), landmarks(head())
    engine.swap(np.zeros((480, 640, 3), np.uint8), source, points)


def test_without_memory_the_sessions_are_let_go_and_opened_anew(folder: Path) -> None:
    engine, opened = scripted(folder, OutOfMemory("test: CUDA out of memory"))
    source, frame = engine.prepare(another_face()), head()
    with pytest.raises(OutOfMemory):
        engine.swap(frame, source, landmarks(frame))
    assert engine.swap(frame, source, landmarks(frame)) is not None
    assert len(opened) == 2
    engine.close()


def test_sessions_that_cannot_be_opened_anew_are_a_failure_of_the_frame(folder: Path) -> None:
    engine, _ = scripted(folder, OutOfMemory("test: out of memory"))
    source, frame = engine.prepare(another_face()), head()
    (folder / "det_10g.onnx").unlink()
    for said in ("out of memory", "cannot be opened again"):
        with pytest.raises(EngineFailed, match=said):
            engine.swap(frame, source, landmarks(frame))


def test_a_face_of_another_engine_is_refused(engine: Inswapper) -> None:
    stranger = MeshWarp(MeshOptions()).prepare(another_face())
    with pytest.raises(BadInput, match="mesh_warp"):
        engine.swap(head(), stranger, landmarks(head()))


@pytest.mark.parametrize(
    "answers",
    [
        [np.full((1, 3, 128, 128), 0.5, np.float32)],
        [np.full((1, 3, 128, 128), np.nan, np.float32)],
        [OutOfMemory("test: out of memory")],
        [EngineFailed("test: CUDNN_STATUS_EXECUTION_FAILED")],
        [np.zeros((1, 3, 64, 64), np.float32)],
    ],
    ids=["flat", "nan", "out of memory", "exception", "shape"],
)
def test_the_mesh_swaps_the_frame_on_which_the_network_failed(folder: Path, answers: Sequence[Any]) -> None:
    engine, _ = scripted(folder, *answers)
    pair = Fallback(engine, MeshWarp(MeshOptions()))
    source, frame = pair.prepare(another_face()), head()
    patch = pair.swap(frame, source, landmarks(frame))
    assert patch is not None
    assert (pair.name, pair.switches) == ("mesh_warp", 1)
    assert pair.last_error
    pair.close()


def test_consecutive_frames_are_followed_by_flow_and_detected_anew(folder: Path) -> None:
    engine = Inswapper(Options(model=str(folder)))
    source, mesh = engine.prepare(another_face()), FaceMesh()
    for step in range(8):
        frame = head(pose(yaw=0.01 * step))
        points = mesh.track(frame)
        assert points is not None
        patch = engine.swap(frame, source, points)
        assert patch is not None
        middle = np.array([patch.left + patch.mask.shape[1] / 2, patch.top + patch.mask.shape[0] / 2])
        assert np.linalg.norm(middle - five_points(points).mean(axis=0)) < 0.6 * eye_distance(points)
    engine.close()


def test_landmarks_that_are_no_face_are_left_alone(engine: Inswapper) -> None:
    source = engine.prepare(another_face())
    nowhere = floats(np.full((468, 3), np.nan))
    assert engine.swap(head(), source, nowhere) is None
