"""Poses sent to Unreal as a visit would send them: in real time, sixty packets a second, each with the instant it is due."""

import random
from typing import Protocol

from services.a2f_bridge.beat import Beat
from services.a2f_bridge.blendshapes import POSE_HZ, Poses
from services.a2f_bridge.closing import CROSSFADE_S
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE
from services.a2f_bridge.idle.life import IdleLife
from services.a2f_bridge.live_link import Encoder
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Speech
from services.a2f_bridge.whole_face import WholeFace
from shared.clock import Clock


class Sender(Protocol):
    """Where packets go."""

    def send(self, datagram: bytes) -> bool:
        """One packet; False if it was dropped."""
        ...


async def show(config: BridgeConfig, poses: Poses, sender: Sender, clock: Clock) -> int:
    """Takes as long as the poses do, and lets the mouth close. Returns how many packets left."""
    lead_s, which = config.av_offset_ms / 1000.0, Speech(1, 0)
    face, beat, encoder = SpeakingFace(), Beat(clock.now(), POSE_HZ), Encoder(config.subject)
    whole = WholeFace(face, IdleLife(random.Random(0).random, beat.at + lead_s), config.head_gain)
    whole.life.feel("speaking", beat.at + lead_s)
    face.extend(which, 0, poses)
    face.timeline(which, 0).complete(len(poses) * SAMPLES_PER_POSE)
    face.due(which, 0, beat.at + lead_s)
    over_at, sent = beat.at + len(poses) / POSE_HZ + 2 * CROSSFADE_S, 0
    while beat.at <= over_at:
        await clock.sleep_until(beat.at)
        beat.catch_up(clock.now())
        due_at = beat.at + lead_s
        sent += sender.send(encoder.packet(whole.values(due_at), due_at))
        beat.advance()
    return sent
