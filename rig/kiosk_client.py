"""A kiosk without a screen: the page's part of the conversation, faithfully and in real time, over the real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from rig.loudspeaker import Loudspeaker
from rig.microphone import Microphone
from rig.recording import Recording, Shot, Spoken
from rig.visitor import Samples, speech_end
from shared import kiosk_wire as wire
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, VOICE_HZ
from shared.clock import Clock, HostClock
from shared.errors import BadInput, EngineFailed

CHUNK_S = MICROPHONE_CHUNK / MICROPHONE_HZ
PAINT_HZ = 60
"""The glass is painted so often; a picture is shown at the next painting."""
LISTEN_EVERY_S = 0.01
"""How often the loudspeaker's time moves on; what sounds is exact to the sample all the same."""


class Kiosk:
    """One connection. Use `kiosk(...)`; then `approach`, `say`, and watch `recording` and the properties."""

    def __init__(self, socket: ClientConnection, burst: list[bytes], *, keeps_pictures: bool, clock: Clock) -> None:
        self.recording = Recording()
        self.loudspeaker = Loudspeaker()
        self.microphone = Microphone()
        self.look = ""
        self.scene = ""
        self.scene_at = 0.0
        """When the scene began."""
        self.language = ""
        self.is_open = False
        """The mirror listens."""
        self.has_begun = asyncio.Event()
        """A visit has begun, or will not."""
        self.is_over = asyncio.Event()
        """The visit is forgotten, or the socket is closed."""
        self._socket = socket
        self._burst = burst
        self._keeps_pictures = keeps_pictures
        self._clock = clock
        self._offset = 0.0
        self._offsets: list[float] = []
        self._reported = 0
        self._waiting: wire.Frame | None = None
        self._spoke_out = asyncio.Event()
        self._group = asyncio.TaskGroup()

    # --- what a visitor does and notices ------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on the session's host clock."""
        return self._clock.now() + self._offset

    @property
    def silence_s(self) -> float:
        """How long the loudspeaker has been silent; 0 while it sounds."""
        speaker = self.loudspeaker
        return 0.0 if speaker.is_sounding or speaker.queue else self.now() - speaker.silent_since / VOICE_HZ

    @property
    def sounding_s(self) -> float:
        """How long the loudspeaker has been sounding; 0 while it is silent."""
        speaker = self.loudspeaker
        return self.now() - speaker.sounding_since / VOICE_HZ if speaker.is_sounding else 0.0

    @property
    def last_sound_at(self) -> float:
        """When the loudspeaker last sounded, or 0."""
        return self.loudspeaker.silent_since / VOICE_HZ if not self.loudspeaker.is_sounding else self.now()

    async def approach(self) -> None:
        """Step before the mirror."""
        self.recording.approached_at = self.now()
        await self._send(wire.Approach())

    async def say(self, clip: str, text: str, samples: Samples) -> Spoken:
        """Speak; returns when the last sample of it has been captured."""
        began_at = self.now()
        spoken = Spoken(
            clip=clip,
            text=text,
            samples=samples,
            began_at=began_at,
            speech_ended_at=began_at + speech_end(samples) / MICROPHONE_HZ,
            scene=self.scene,
            is_overlap=self.loudspeaker.is_sounding,
            was_listened=self.is_open,
        )
        self.recording.spoken.append(spoken)
        self._spoke_out.clear()
        self.microphone.speak(samples)
        await self._spoke_out.wait()
        return spoken

    # --- the devices --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """All devices at work until the visit is over."""
        try:
            async with self._group as group:
                tasks = [group.create_task(work) for work in (self._speak(), self._play(), self._paint(), self._ask())]
                await self._hear()
                for task in tasks:
                    task.cancel()
        finally:
            self.recording.gap_count = self.loudspeaker.gap_count
            self.recording.sounded = self.loudspeaker.sounded
            self.is_over.set()
            self.has_begun.set()
            self._spoke_out.set()

    async def _send(self, message: wire.Up) -> None:
        try:
            await self._socket.send(wire.encode(message))
        except ConnectionClosed:
            self.is_over.set()

    async def _speak(self) -> None:
        """20 ms after 20 ms; who was kept waiting catches up, as a sound card's buffer does."""
        start = self._clock.now()
        while True:
            await self._clock.sleep_until(start + (self.microphone.chunks + 1) * CHUNK_S)
            seq = self.microphone.chunks
            captured_at = start + (seq + 1) * CHUNK_S + self._offset
            self.recording.chunks_late_s.append(self._clock.now() - captured_at + self._offset)
            self.recording.microphone_from = start + self._offset
            if self.recording.spoken and self.microphone.is_speaking:
                self._place_speech(captured_at)
            await self._send(wire.Audio(seq=seq, pcm=self.microphone.next_chunk(), captured_at=captured_at))
            if not self.microphone.is_speaking:
                self._spoke_out.set()

    def _place_speech(self, captured_at: float) -> None:
        """The first chunk of speech says when it truly began: chunks are cut on their own grid."""
        spoken = self.recording.spoken[-1]
        if self.microphone.is_at_start(spoken.samples):
            shift = captured_at - CHUNK_S - spoken.began_at
            spoken.began_at += shift
            spoken.speech_ended_at += shift

    async def _play(self) -> None:
        while True:
            self.loudspeaker.render(self._frame())
            reports, self.loudspeaker.reports = self.loudspeaker.reports, []
            for report in reports:
                played = wire.Played(
                    turn=report.turn, sample=report.sample, at=report.frame / VOICE_HZ, is_end=report.is_end
                )
                await self._send(played)
            await asyncio.sleep(LISTEN_EVERY_S)

    def _frame(self) -> int:
        """The loudspeaker's time: frames of the host's clock."""
        return round(self.now() * VOICE_HZ)

    async def _paint(self) -> None:
        while True:
            tick = np.floor(self._clock.now() * PAINT_HZ) + 1
            await self._clock.sleep_until(float(tick) / PAINT_HZ)
            frame, self._waiting = self._waiting, None
            if frame is not None:
                shown_at = self.now()
                self._keep(frame, shown_at)
                await self._send(wire.Shown(frame=frame.frame, at=shown_at))

    def _keep(self, frame: wire.Frame, shown_at: float) -> None:
        self.recording.shots.append(
            Shot(
                frame=frame.frame,
                shown_at=shown_at,
                captured_at=frame.captured_at,
                pose_due_at=frame.pose_due_at,
                size=len(frame.jpeg),
                jpeg=frame.jpeg if self._keeps_pictures else b"",
            )
        )

    async def _ask(self) -> None:
        """Learn the host's clock: ten quick questions, then now and then."""
        for asked in range(1_000_000):
            await self._send(wire.Ping(sent=self._clock.now()))
            await asyncio.sleep(0.1 if asked < 10 else 1.5)

    # --- what the session says ----------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while not self.is_over.is_set():
            try:
                payload = await self._socket.recv(decode=False)
            except ConnectionClosed as closed:
                self.recording.closed_reason = str(closed.rcvd or closed)
                return
            self._obey(wire.decode_down(payload))

    def _obey(self, message: wire.DownMessage) -> None:
        match message:
            case wire.Frame():
                self._take_picture(message)
            case wire.Speech() | wire.Hold() | wire.Flush():
                self._sound(message)
            case wire.Scene():
                self._enter(message)
            case wire.Listening():
                self.is_open = message.is_open
            case wire.Capture():
                self._group.create_task(self._photograph(message))
            case wire.Pong():
                self._set_clock(message)
            case _:
                self._note(message)

    def _note(self, message: wire.DownMessage) -> None:
        """What a page shows and a rehearsal only writes down."""
        match message:
            case wire.Forgotten():
                self.recording.forgotten, self.recording.forgotten_at = message, self.now()
                self.is_over.set()
            case wire.Line():
                self.recording.lines.append((self.now(), message))
            case wire.Subtitle():
                self.recording.subtitles.append((self.now(), message))
            case wire.Refused():
                self.recording.refused.append(message)
            case _:
                pass

    def _take_picture(self, frame: wire.Frame) -> None:
        overtaken, self._waiting = self._waiting, frame
        if overtaken is not None:  # before it could be painted: acknowledged all the same, or the pictures would stop
            self._group.create_task(self._send(wire.Shown(frame=overtaken.frame, at=self.now())))

    def _sound(self, message: wire.Speech | wire.Hold | wire.Flush) -> None:
        speaker, now = self.loudspeaker, self._frame()
        speaker.render(now)
        match message:
            case wire.Speech():
                pcm = np.frombuffer(message.pcm, dtype="<i2")
                due = round(message.due * VOICE_HZ)
                speaker.push(
                    message.turn, message.from_sample, pcm, due, now, restart=message.restart, is_last=message.is_last
                )
            case wire.Hold():
                speaker.hold(message.turn, message.gain, now, stop=message.stop)
            case wire.Flush():
                speaker.flush(message.turn, now)

    def _enter(self, scene: wire.Scene) -> None:
        if scene.scene != self.scene:
            self.scene_at = self.now()
        self.look, self.scene, self.language = scene.look, scene.scene, scene.language
        self.recording.scenes.append((self.now(), scene))
        self.recording.session = scene.session or self.recording.session
        self.recording.ends_at = scene.ends_at or self.recording.ends_at
        if scene.session:
            self.has_begun.set()

    async def _photograph(self, order: wire.Capture) -> None:
        self.recording.bursts.append(self.now())
        for index in range(order.frames):
            jpeg = self._burst[index % len(self._burst)]
            last = index == order.frames - 1
            await self._send(wire.Camera(burst=order.burst, index=index, jpeg=jpeg, is_last=last))
            await asyncio.sleep(order.seconds / order.frames)

    def _set_clock(self, pong: wire.Pong) -> None:
        self._offsets.append(pong.host - (pong.sent + self._clock.now()) / 2)
        self._offset = median(self._offsets[-21:])


@asynccontextmanager
async def kiosk(
    url: str, token: str, *, language: str, burst: list[bytes], keeps_pictures: bool
) -> AsyncIterator[Kiosk]:
    """A connected and welcomed kiosk, its clock set. Its devices work while `run` runs.

    Raises:
        BadInput: Nobody answers at `url`, or it refuses us; with its reason.
        EngineFailed: The session broke off.
    """
    clock = HostClock()
    try:
        async with connect(url, max_size=wire.MAX_MESSAGE, compression=None, open_timeout=10) as socket:
            await socket.send(wire.encode(wire.Hello(token=token, language=language)))
            first = wire.decode_down(await socket.recv(decode=False))
            if isinstance(first, wire.Refused):
                raise BadInput(f"kiosk: {url} refuses us: {first.reason}: {first.detail}")
            yield Kiosk(socket, burst, keeps_pictures=keeps_pictures, clock=clock)
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise BadInput(f"kiosk: no session service at {url} ({error}); is the mirror running?") from error
    except ConnectionClosed as error:
        raise EngineFailed(f"kiosk: {url} closed the socket: {error.rcvd or error}") from error
