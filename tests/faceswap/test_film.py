"""Films as the virtual human, and the trial: with real files, through PyAV."""

import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from services.faceswap.face_swapper import Image
from services.faceswap.sources.film import Film, Options
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
        shot = source.newest(time.monotonic())
        if shot is not None:
            return shot
        pause.wait(0.01)
    raise AssertionError(f"no picture came: {source.trouble}")


def trouble_of(source: Film) -> str:
    """Its trouble, once it has one."""
    pause = threading.Event()
    while not source.trouble:
        pause.wait(0.01)
    return source.trouble


def test_a_film_is_shown_in_the_mirrors_size_and_starts_over_at_its_end(tmp_path: Path) -> None:
    path = write_film(tmp_path / "short.mp4", [np.full((240, 320, 3), value, np.uint8) for value in (40, 120, 200)])
    source = Film(Options(file=str(path)))
    source.open(640, 480)
    shots = [wait_for(source) for _ in range(7)]
    source.close()
    assert all(shot.pixels.shape == (480, 640, 3) for shot in shots)
    assert [shot.captured_at for shot in shots] == sorted(shot.captured_at for shot in shots)
    assert min(float(shot.pixels.mean()) for shot in shots[3:]) < 60


def test_a_film_that_is_damaged_is_trouble_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    path.write_bytes(b"this is no film" * 100)
    source = Film(Options(file=str(path), retry_s=0.01))
    source.open(640, 480)
    trouble_of(source)
    source.close()
    assert "source_options.film" in source.trouble


def test_a_file_that_is_not_there_an_address_and_an_empty_name_are_named() -> None:
    with pytest.raises(EngineUnavailable, match=r"nowhere\.mp4"):
        Film(Options(file="nowhere.mp4")).open(640, 480)
    with pytest.raises(EngineUnavailable, match="source = 'pull'"):
        Film(Options(file="rtsp://host/name")).open(640, 480)
    with pytest.raises(ConfigError, match="file is empty"):
        Film(Options())


def test_a_film_that_shall_not_repeat_ends_and_says_so(tmp_path: Path) -> None:
    path = write_film(tmp_path / "short.mp4", [np.full((240, 320, 3), value, np.uint8) for value in (40, 120)])
    source = Film(Options(file=str(path), repeat=False))
    source.open(640, 480)
    wait_for(source)
    trouble_of(source)
    source.close()
    assert "has ended" in source.trouble
    assert not source.status().is_connected


def test_a_film_tells_its_own_size_and_rate(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [np.full((240, 320, 3), 9, np.uint8) for _ in range(12)])
    source = Film(Options(file=str(path)))
    source.open(640, 480)
    while source.status().shown < 10:
        wait_for(source)
    status = source.status()
    source.close()
    assert (status.width, status.height) == (320, 240)
    assert 0.0 < status.fps < 40.0


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
