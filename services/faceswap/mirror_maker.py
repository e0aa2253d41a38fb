"""One picture of the mirror after another: capture, track, swap, veil, JPEG. Blocking: runs in the stage's one worker thread."""

import time

import cv2
import msgspec
import numpy as np

from services.faceswap.blending import paste, veiled
from services.faceswap.drought import Drought, wait
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, Points, SourceFace
from services.faceswap.flow import carry
from services.faceswap.lids import Lids, close_lids, watch_lids
from services.faceswap.smoothing import OneEuro, Smoothed
from services.faceswap.tracking import HELD, LOCKED, SEARCHING, Tracking, TrackingLimits, advance
from services.faceswap.video_source import Shot, VideoSource
from shared.errors import EngineFailed

_DARK = (640, 480)
"""Width and height of the picture shown if none ever came: black glass has no shape."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes a MirrorFrame."""

    jpeg: bytes
    width: int
    height: int
    captured_at: float
    pose_due_at: float
    tracking: str
    is_swapped: bool
    engine_s: float
    """CPU seconds this picture took."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture shall show."""

    source: SourceFace | None = None
    """The visitor's face; None: nothing is shown unveiled."""
    is_veiled: bool = False


class MirrorMaker:
    """Makes pictures from one source with one engine; remembers what the next picture needs of the last."""

    def __init__(self, video: VideoSource, swapper: FaceSwapper, mesh: FaceMesh, jpeg_quality: int) -> None:
        self._video = video
        self._swapper = swapper
        self._mesh = mesh
        self._jpeg = [int(cv2.IMWRITE_JPEG_QUALITY), jpeg_quality]
        self._limits = TrackingLimits()
        self._filter = OneEuro()
        self._drought = Drought()
        self._shot: Shot | None = None
        self.failures = 0
        """Frames on which the engine failed."""
        self.trouble = ""
        """Why it failed on the newest frame; empty if it did not."""
        self.forget()

    def forget(self) -> None:
        """Drop every picture and landmark: a visit began or ended."""
        self._tracking = Tracking()
        self._smoothed: Smoothed | None = None
        self._lids = Lids()
        self._before: Image | None = None
        self._last_swapped: Image | None = None
        self._mesh.forget()
        self._swapper.forget()

    def make(self, look: Look, now: float) -> Picture | None:
        """The next picture, or None if the one before still stands.

        Args:
            look: What it shall show.
            now: Host clock, seconds.
        """
        began = time.thread_time()
        shot = self._video.newest(now)
        if shot is None:
            return self._make_without_video(look, now, began)
        if self._drought.shown_at > self._drought.rained_at:
            # The veil lifts from here on, not by as much as the silence was long.
            self._tracking = msgspec.structs.replace(self._tracking, at=now)
        self._shot, self._drought = shot, Drought(rained_at=now)
        return self._picture(self._show(shot, look, now), shot, began)

    def _make_without_video(self, look: Look, now: float, began: float) -> Picture | None:
        """The source is silent: nothing for a moment, then the last picture while the veil falls over it."""
        is_veiled = look.is_veiled or look.source is None or self._tracking.state == SEARCHING
        self._drought = wait(self._drought, now, is_veiled=is_veiled)
        if not self._drought.is_due:
            return None
        shot = self._shot or Shot(pixels=np.zeros((*reversed(_DARK), 3), np.uint8), captured_at=now)
        if is_veiled:
            self._tracking = Tracking(at=now)
            return self._picture((veiled(shot.pixels, 1.0), False), shot, began)
        self._tracking = advance(self._tracking, None, None, now, self._limits)
        return self._picture(self._without_face(shot.pixels), shot, began)

    def _picture(self, shown: tuple[Image, bool], shot: Shot, began: float) -> Picture:
        pixels, is_swapped = shown
        _, encoded = cv2.imencode(".jpg", pixels, self._jpeg)
        return Picture(
            jpeg=encoded.tobytes(),
            width=pixels.shape[1],
            height=pixels.shape[0],
            captured_at=shot.captured_at,
            pose_due_at=shot.pose_due_at,
            tracking=self._tracking.state,
            is_swapped=is_swapped,
            engine_s=time.thread_time() - began,
        )

    def _show(self, shot: Shot, look: Look, now: float) -> tuple[Image, bool]:
        if look.is_veiled or look.source is None:
            return veiled(shot.pixels, 1.0), False
        face = self._track(shot.pixels, now)
        if face is None:
            return self._without_face(shot.pixels)
        try:
            patch = self._swapper.swap(shot.pixels, look.source, face)
        except EngineFailed as error:
            self.failures += 1
            self.trouble = str(error)
            return self._without_face(shot.pixels)
        if patch is None:
            return veiled(shot.pixels, self._tracking.veil), False
        self.trouble = ""
        self._last_swapped = paste(shot.pixels, patch)
        return veiled(self._last_swapped, self._tracking.veil), True

    def _track(self, pixels: Image, now: float) -> Points | None:
        """Where the face is; advances the state machine."""
        seen = self._mesh.track(pixels)
        before, carried = self._tracking, None
        if seen is None and before.points is not None and self._before is not None:
            carried = carry(self._before, pixels, before.points)
        self._tracking = advance(before, seen, carried, now, self._limits)
        self._before = pixels
        if self._tracking.points is None:
            self._smoothed = None
            return None
        dt = now - before.at if before.points is not None else 0.0
        self._smoothed = self._filter.step(self._smoothed, self._tracking.points, dt)
        # Lids after the filter: a blink is over in a third of a second and must not be smoothed away.
        self._lids = watch_lids(self._lids, pixels, self._smoothed.points, dt)
        return close_lids(self._smoothed.points, self._lids)

    def _without_face(self, pixels: Image) -> tuple[Image, bool]:
        """The last swapped picture while the veil falls, then the veil alone: never the bare virtual human."""
        if self._tracking.state in (HELD, LOCKED) and self._last_swapped is not None:
            return veiled(self._last_swapped, self._tracking.veil), True
        if self._tracking.state == SEARCHING:
            self._last_swapped = None
            self._swapper.forget()
        return veiled(pixels, 1.0), False
