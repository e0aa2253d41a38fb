"""A kiosk without a screen: the page's part of the conversation, faithfully and in real time, over the real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from rig.glass import Glass
from rig.host_time import HostTime
from rig.kiosk_socket import welcomed
from rig.loudspeaker import Loudspeaker
from rig.microphone import Microphone
from rig.recording import Recording, Spoken
from rig.visitor import Samples, speech_end
from shared import kiosk_wire as wire
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, VOICE_HZ
from shared.clock import Clock, HostClock

CHUNK_S = MICROPHONE_CHUNK / MICROPHONE_HZ
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
        self.is_shown = asyncio.Event()
        """The session has said what is to be seen now."""
        self.has_begun = asyncio.Event()
        """A visit has begun, or will not."""
        self.is_over = asyncio.Event()
        """The visit is forgotten, or the socket is closed."""
        self._socket = socket
        self._burst = burst
        self._glass = Glass(self.recording.shots, keeps_pictures=keeps_pictures)
        self._clock = clock
        self._host = HostTime()
        self._spoke_out = asyncio.Event()
        self._group = asyncio.TaskGroup()

    # --- what a visitor does and notices ------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on the session's host clock."""
        return self._clock.now() + self._host.offset

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
            self.is_shown.set()
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
            captured_at = start + (seq + 1) * CHUNK_S + self._host.offset
            self.recording.microphone_from = start + self._host.offset
            if self.recording.spoken and self.microphone.is_speaking:
                self._place_speech(captured_at)
            message = wire.Audio(seq=seq, pcm=self.microphone.next_chunk(), captured_at=captured_at)
            # Behind the making of it: a sound card would just have it.
            self.recording.chunks_late_s.append(self.now() - captured_at)
            await self._send(message)
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
            await self._clock.sleep_until(self._glass.next_painting(self._clock.now()))
            shown_at = self.now()
            if frame := self._glass.paint(shown_at):
                await self._send(wire.Shown(frame=frame.frame, at=shown_at))

    async def _ask(self) -> None:
        """Learn the host's clock, and go on learning it: two clocks drift."""
        while True:
            question, rest_s = self._host.ask(self._clock.now())
            await self._send(question)
            await asyncio.sleep(rest_s)

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
                self._host.learn(message, self._clock.now())
            case wire.Forgotten():
                self.recording.note(message, self.now())
                self.is_over.set()
            case _:
                self.recording.note(message, self.now())

    def _take_picture(self, frame: wire.Frame) -> None:
        now = self.now()
        # Acknowledged all the same, or the pictures would stop.
        if unseen := self._glass.take(frame, now):
            self._group.create_task(self._send(wire.Shown(frame=unseen.frame, at=now)))

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
        self.recording.note(scene, self.now())
        self.is_shown.set()
        if scene.session:
            self.has_begun.set()

    async def _photograph(self, order: wire.Capture) -> None:
        self.recording.bursts.append(self.now())
        for index in range(order.frames):
            jpeg = self._burst[index % len(self._burst)]
            last = index == order.frames - 1
            await self._send(wire.Camera(burst=order.burst, index=index, jpeg=jpeg, is_last=last))
            await asyncio.sleep(order.seconds / order.frames)


@asynccontextmanager
async def kiosk(
    url: str, token: str, *, language: str, burst: list[bytes], keeps_pictures: bool, name: str = "mirror"
) -> AsyncIterator[Kiosk]:
    """A connected and welcomed kiosk; its devices work while `run` runs. Raises as `welcomed`."""
    async with welcomed(url, token, language, name) as socket:
        yield Kiosk(socket, burst, keeps_pictures=keeps_pictures, clock=HostClock())
