"""One sound played to a performer as a visit would play it: in real time, by the schedule."""

from services.a2f_bridge.beat import Beat
from services.a2f_bridge.blendshapes import POSE_HZ
from services.a2f_bridge.face_animator import Speech as Sound
from services.a2f_bridge.performer import Performer
from services.a2f_bridge.prompter import Prompter
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Speech
from shared.audio import VOICE_HZ, to_bytes
from shared.clock import Clock
from shared.events import SpeechChunk, SpeechEnded


async def perform(performer: Performer, sound: Sound, clock: Clock) -> None:
    """Takes as long as the sound does."""
    prompter, face = Prompter(performer), SpeakingFace()
    face.timeline(Speech(1, 0), epoch=0)
    face.due(Speech(1, 0), 0, clock.now() + performer.lead_s)
    prompter.hear(SpeechChunk(turn=1, from_sample=0, pcm=to_bytes(sound)))
    prompter.hear(SpeechEnded(turn=1, samples=len(sound)))
    beat = Beat(clock.now(), POSE_HZ)
    over_at = clock.now() + len(sound) / VOICE_HZ + 2 / POSE_HZ
    while beat.at <= over_at:
        await clock.sleep_until(beat.at)
        beat.catch_up(clock.now())
        prompter.follow(face, beat.at)
        beat.advance()
