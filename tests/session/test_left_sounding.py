"""What a session service finds of the turn that its predecessor had let out."""

from services.session.left_sounding import Streams, sounding
from shared import events as ev

TURN = 4
DUE = ev.SpeechDue(speech_turn=TURN, speech_rev=0, from_sample=0, due_at=100.0)
REQUEST = ev.ReplyRequest(
    turn=TURN, utterance=2, said="yes", language="en", prompt=ev.ScenePrompt(scene="s", goal="g", persona="p")
)
LINE = ev.LineWanted(turn=TURN, line="ask", text="Shall we?", language="en", voice="host")
VOICE: list[ev.AnyEvent] = [
    *(ev.SpeechChunk(turn=TURN, from_sample=at, pcm=bytes(4_800), text="" if at else "Go on.") for at in (0, 2_400)),
    ev.SpeechEnded(turn=TURN, samples=4_800),
]


def test_a_turn_that_was_let_out_is_put_together_with_its_sound_and_its_time() -> None:
    speech = sounding(Streams(control=[DUE], requests=[REQUEST], voice=VOICE))
    assert speech is not None
    assert (speech.turn, speech.kind, speech.utterance, speech.ready, speech.total) == (TURN, "reply", 2, 4_800, 4_800)
    assert speech.due(2_400) == 100.1
    assert speech.heard_text(4_800) == "Go on."


def test_it_knows_how_far_the_kiosk_said_it_had_come() -> None:
    playback = [ev.PlaybackReport(turn=TURN, played_samples=2_000, sounded_at=100.1)]
    speech = sounding(Streams(control=[DUE], lines=[LINE], voice=VOICE, playback=playback))
    assert speech is not None
    assert (speech.line, speech.played) == ("ask", 2_000)


def test_a_turn_that_was_over_is_not_taken_up() -> None:
    assert sounding(Streams(control=[DUE, ev.MirrorSpeaking(is_speaking=False)], voice=VOICE)) is None


def test_where_nothing_was_let_out_nothing_is_taken_up() -> None:
    assert sounding(Streams(lines=[LINE], voice=VOICE)) is None
