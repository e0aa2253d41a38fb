"""Films as the virtual human, and the trial: with real files and real sockets, through PyAV."""

import socket
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from services.faceswap.face_swapper import Image
from services.faceswap.sources.film import Film, Options, fit
from services.faceswap.trial import run_trial
from services.faceswap.video_source import Shot
from shared.errors import BadInput, ConfigError, EngineUnavailable
from tests.support.faceswap_world import another_face, head, jpeg, pose

pytestmark = pytest.mark.engine


def write_film(path: Path, pictures: list[Image]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "14", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


def wait_for(source: Film, seconds: float = 10.0) -> Shot:
    """The next picture; gives up after a while."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        shot = source.newest(0.0)
        if shot is not None:
            return shot
        pause.wait(0.01)
    raise AssertionError(f"no picture came: {source.trouble}")


def test_a_film_is_shown_in_the_mirrors_size_and_starts_over_at_its_end(tmp_path: Path) -> None:
    path = write_film(tmp_path / "short.mp4", [np.full((240, 320, 3), value, np.uint8) for value in (40, 120, 200)])
    source = Film(Options(address=str(path)))
    source.open(640, 480)
    shots = [wait_for(source) for _ in range(7)]
    source.close()
    assert all(shot.pixels.shape == (480, 640, 3) for shot in shots)
    assert [shot.captured_at for shot in shots] == sorted(shot.captured_at for shot in shots)
    assert min(float(shot.pixels.mean()) for shot in shots[3:]) < 60


def test_an_address_that_refuses_is_named_as_trouble_and_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"rtmp://127.0.0.1:{taken.getsockname()[1]}/live/none"
        source = Film(Options(address=address, retry_s=0.01, open_timeout_s=0.5))
        source.open(640, 480)
        pause = threading.Event()
        for _ in range(500):
            if source.trouble:
                break
            pause.wait(0.01)
        assert source.trouble
        assert source.newest(0.0) is None
        source.close()


def test_a_film_that_is_damaged_is_trouble_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    path.write_bytes(b"this is no film" * 100)
    source = Film(Options(address=str(path), retry_s=0.01))
    source.open(640, 480)
    pause = threading.Event()
    for _ in range(500):
        if source.trouble:
            break
        pause.wait(0.01)
    source.close()
    assert source.trouble


def test_a_file_that_is_not_there_and_an_empty_address_are_named() -> None:
    with pytest.raises(EngineUnavailable, match=r"nowhere\.mp4"):
        Film(Options(address="nowhere.mp4")).open(640, 480)
    with pytest.raises(ConfigError, match="address"):
        Film(Options())


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (480, 640), (640, 480)])
def test_pictures_are_cut_to_fit_never_squeezed(size: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    cv_radius = min(size) // 4
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    picture[(rows - size[1] / 2) ** 2 + (columns - size[0] / 2) ** 2 < cv_radius**2] = 255
    shown = fit(picture, 640, 480)[..., 0] > 127
    assert shown.shape == (480, 640)
    wide, high = np.ptp(np.nonzero(shown.any(axis=0))[0]), np.ptp(np.nonzero(shown.any(axis=1))[0])
    assert abs(int(wide) - int(high)) <= 3


def test_the_trial_swaps_a_film_and_reports(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", [head(pose(jawOpen=0.05 * step)) for step in range(10)])
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.mp4"
    photo.write_bytes(jpeg(another_face()))
    told: list[float] = []
    report = run_trial(
        {}, {"input": str(film), "face": str(photo), "out": str(out)}, lambda share, _: told.append(share)
    )
    assert (report["frames"], report["swapped"], report["tracking"]) == (10, 10, {"locked": 10})
    assert isinstance(report["similarity"], float)
    assert isinstance(report["stand_in_similarity"], float)
    assert report["similarity"] > report["stand_in_similarity"]
    assert told == sorted(told)
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"face": "photo"}, "film: none given"),
        ({"input": "film"}, "face: none given"),
        ({"input": "nowhere.mp4", "face": "photo"}, "nowhere.mp4"),
        ({"input": "film", "face": "empty"}, "no_face"),
        ({"input": "film", "face": "film"}, "neither JPEG nor PNG"),
        ({"input": "photo_as_text", "face": "photo"}, "cannot be read"),
    ],
)
def test_the_trial_says_what_is_wrong_with_its_inputs(tmp_path: Path, what: dict[str, str], says: str) -> None:
    files = {
        "film": write_film(tmp_path / "film.mp4", [head()]),
        "photo": tmp_path / "photo.jpg",
        "empty": tmp_path / "empty.jpg",
        "photo_as_text": tmp_path / "text.mp4",
    }
    files["photo"].write_bytes(jpeg(another_face()))
    files["empty"].write_bytes(jpeg(np.full((300, 300, 3), 90, np.uint8)))
    files["photo_as_text"].write_text("no film")
    inputs = {name: str(files.get(value, value)) for name, value in what.items()}
    with pytest.raises(BadInput, match=says):
        run_trial({}, inputs, lambda share, what: None)
