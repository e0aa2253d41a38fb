import cv2
import numpy as np
import pytest

from services.faceswap.engines.passthrough import Passthrough
from services.faceswap.enrolment import Enrolled, assess, enrol
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import Image
from services.faceswap.quality import Gates, Verdict, best_of, reason_of
from tests.support.faceswap_world import another_face, head, jpeg, pose

pytestmark = pytest.mark.engine
GATES = Gates()


def reason(picture: Image) -> str:
    return assess(jpeg(picture), FaceMesh(), GATES).reason


def beside(left: Image, right: Image) -> Image:
    return np.hstack([left, right])


def test_a_good_photo_passes() -> None:
    verdict = assess(jpeg(head()), FaceMesh(), GATES)
    assert verdict.reason == ""
    assert 0.0 < verdict.score <= 1.0


@pytest.mark.parametrize(
    ("name", "picture", "wanted"),
    [
        ("nobody", lambda: np.full((480, 640, 3), 90, np.uint8), "no_face"),
        ("noise", lambda: np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8), "no_face"),
        ("one pixel", lambda: np.zeros((1, 1, 3), np.uint8), "no_face"),
        ("one row", lambda: np.zeros((1, 900, 3), np.uint8), "no_face"),
        ("two people", lambda: beside(head(), another_face()), "two_faces"),
        ("on its head", lambda: cv2.rotate(head(), cv2.ROTATE_180), "upside_down"),
        ("far away", lambda: cv2.copyMakeBorder(cv2.resize(head(), (200, 150)), 165, 165, 220, 220, 0), "too_small"),
        ("looking away", lambda: head(pose(yaw=0.42)), "turned_away"),
        ("out of focus", lambda: cv2.GaussianBlur(head(), (0, 0), 7), "blurred"),
        ("in the dark", lambda: (head() * 0.22).astype(np.uint8), "too_dark"),
        ("in a spotlight", lambda: np.clip(head() * 4.0, 0, 255).astype(np.uint8), "too_bright"),
    ],
)
def test_a_bad_photo_is_refused_with_its_reason(name: str, picture: object, wanted: str) -> None:
    assert callable(picture)
    assert reason(picture()) == wanted, name


def test_a_small_passer_by_is_allowed() -> None:
    scene = head()
    passer_by = cv2.resize(another_face(), (160, 120), interpolation=cv2.INTER_AREA)
    wide = np.zeros((480, 820, 3), np.uint8)
    wide[:, :640] = scene
    wide[100:220, 650:810] = passer_by
    assert reason(wide) == ""


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(np.zeros((9, 9, 3), np.uint8))[:40]])
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    assert assess(data, FaceMesh(), GATES).reason == "unreadable"


def test_the_best_of_a_burst_is_taken_whatever_else_is_in_it() -> None:
    burst = [
        b"broken",
        jpeg(np.asarray(cv2.GaussianBlur(head(), (0, 0), 2.0), np.uint8)),
        jpeg(head()),
        jpeg(head(pose(yaw=0.42))),
        jpeg(head(pose(eyeBlink=1.0))),
    ]
    enrolled = enrol(burst, FaceMesh(), Passthrough(), GATES)
    assert enrolled.frame == 2
    assert enrolled.source is not None


def test_a_burst_of_nothing_is_refused() -> None:
    assert enrol([], FaceMesh(), Passthrough(), GATES) == Enrolled(reason="no_face")


def test_the_most_frequent_reason_is_told_and_among_equals_the_most_helpful() -> None:
    def told(*reasons: str) -> str:
        return reason_of([Verdict(reason=one) for one in reasons])

    assert told("blurred", "blurred", "two_faces") == "blurred"
    assert told("no_face", "turned_away") == "turned_away"


def test_the_first_of_equally_good_photos_is_taken() -> None:
    assert best_of([Verdict(score=0.5), Verdict(score=0.5), Verdict(reason="blurred")]) == 0
