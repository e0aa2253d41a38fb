"""Poses, pictures and a visit for the tests of faceswap, made here: no photo of anybody is needed."""

import asyncio
import struct
from collections.abc import Sequence

import cv2
import numpy as np

from services.faceswap.face_swapper import Image
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from services.faceswap.video_source import Shot, VideoStatus
from shared.events import AnyEvent, CameraFrame, Event
from shared.streams import StreamId


def pose(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, **weights: float) -> Pose:
    """A pose; `eyeBlink=1` closes both eyes, `eyeBlinkLeft=1` one."""
    values = [0.0] * len(SHAPES)
    for name, value in weights.items():
        for one in (name,) if name in SHAPES else (f"{name}Left", f"{name}Right"):
            values[SHAPES.index(one)] = value
    return Pose(weights=tuple(values), yaw=yaw, pitch=pitch, roll=roll)


def head(of: Pose | None = None) -> Image:
    """The stand-in in a pose, 640 x 480."""
    return Artist(640, 480).draw(of or Pose())


def another_face() -> Image:
    """Somebody else: the stand-in mirrored, brighter, redder, with brows and a moustache painted on."""
    face = np.ascontiguousarray(head(pose(yaw=-0.12))[:, ::-1])
    face = np.clip(face.astype(np.float32) * [0.8, 1.0, 1.35] + [0, 6, 18], 0, 255).astype(np.uint8)
    for left, right in (((236, 196), (292, 190)), ((322, 190), (378, 200))):
        cv2.line(face, left, right, (20, 24, 30), 7, cv2.LINE_AA)
    cv2.ellipse(face, (318, 306), (36, 8), 0, 0, 360, (22, 26, 34), -1, cv2.LINE_AA)
    return face


def jpeg(picture: Image, quality: int = 92) -> bytes:
    """The picture as JPEG."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def packet(of: Pose, due_at: float = 0.0, version: int = 6, count: int = 61) -> bytes:
    """A Live Link datagram."""
    ticks = due_at * 60
    values = (*of.weights, of.yaw, of.pitch, of.roll, *(0.0,) * 6)[:count]
    return (
        struct.pack(">Bi", version, 4) + b"test" + struct.pack(">i", 4) + b"Face"
        + struct.pack(">ifii", int(ticks), ticks - int(ticks), 60, 1)
        + struct.pack(f">B{count}f", count, *values)
    )  # fmt: skip


class Reel:
    """A video source that shows what it is told."""

    name = "reel"
    trouble = ""

    def __init__(self, *pictures: Image) -> None:
        self.pictures = list(pictures)
        self.is_open = False

    def open(self, width: int, height: int) -> None:
        self.is_open = True

    def newest(self, now: float) -> Shot | None:
        if not self.pictures:
            return None
        picture = self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]
        return Shot(pixels=picture, captured_at=now, pose_due_at=now + 0.1)

    def status(self) -> VideoStatus:
        return VideoStatus()

    def close(self) -> None:
        self.is_open = False


class Outlet:
    """The streams of one visit, in memory."""

    def __init__(self, *past: AnyEvent) -> None:
        self.streams: dict[str, list[AnyEvent]] = {}
        self.published = asyncio.Event()
        for event in past:
            self.streams.setdefault(event.stream, []).append(event)

    async def publish(self, *events: Event) -> None:
        for event in events:
            self.streams.setdefault(event.stream, []).append(event)  # type: ignore[arg-type]  # only real events come
        self.published.set()

    async def checkpoint(self, event: AnyEvent) -> None:
        del event

    async def tail(self, stream: str) -> StreamId:
        past = self.streams.get(stream, [])
        return StreamId(past[-1].turn, past[-1].seq) if past else StreamId(0, 0)

    async def recall(self, stream: str, after: StreamId = StreamId(0, 0)) -> list[AnyEvent]:  # noqa: B008 - a constant
        return [one for one in self.streams.get(stream, []) if StreamId(one.turn, one.seq) > after]


def burst(photos: Sequence[bytes], turn: int = 1) -> list[CameraFrame]:
    """The photos as the kiosk's burst."""
    last = len(photos)
    return [CameraFrame(turn=turn, seq=at, jpeg=photo, is_last=at == last) for at, photo in enumerate(photos, 1)]
