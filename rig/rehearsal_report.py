"""The report of a rehearsal: every number the visit is judged by, from what the visitor had and what the stages said."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rig.likeness import sound_of, voice_likeness
from rig.loudspeaker import Sounded
from rig.measures import av_offsets_ms, percentiles, picture_rhythm, spread
from rig.recording import Recording, Shot
from rig.turn_times import APPOINTED_S, Turn, of_type, turns_of
from rig.visitor import Visitor
from shared.audio import VOICE_HZ
from shared.events import AnyEvent, FaceReady, LineWanted, ReplyClause, SceneEntered, SpeechEnded, TurnTimed, VoiceReady

DEFINITIONS = {
    "duration_s": "from the visitor's step before the mirror to the last sample at the loudspeaker",
    "word_error_rate": "wrong words in the transcripts of what was said while the mirror listened",
    "latency_ms": "end of the visitor's speech at the microphone to the mirror's next sound at the loudspeaker",
    "rendered_latency_ms": "the play's order for a line rendered ahead to its first sound; less what it waited for the visitor to finish, "
    "and without the last lines, which sound at an appointed time",
    "own_share_ms": "latency of improvised answers less engines, end-of-turn detection and the loudspeaker's lead",
    "video.late": "share of pictures shown more than 62.5 ms (1.5 slots at 24/s) after the one before",
    "av_offset_ms": "sound after lips, at each picture shown while speech sounded; positive: sound later; min_at_s from the visitor's step",
    "voice": "cosine of Resemblyzer embeddings with the visitor's own speech",
}
_CLOSING_LOOKS = ("farewell", "dark", "attract")
_COPY_LOOKS = ("crossing", "copy", "farewell")


def report(
    visitor: Visitor, recording: Recording, events: Sequence[AnyEvent], must_lines: dict[str, tuple[str, ...]]
) -> dict[str, object]:
    """Everything but the wipe and the faces, which need files and pictures. Needs some seconds for the voices."""
    turns = turns_of(recording, events)
    return {
        "visitor": visitor.file.name,
        "session": recording.session,
        "duration_s": duration_s(recording),
        "must_say": must_say(events, recording.sounded, must_lines),
        "word_error_rate": word_error_rate(turns),
        "latency_ms": percentiles(latencies(turns, recording), 50, 95),
        "rendered_latency_ms": percentiles(rendered_latencies(events), 50, 95),
        "own_share_ms": percentiles([t.own_share_ms for t in turns if t.own_share_ms is not None], 50, 99),
        "video": picture_rhythm(copy_shots(recording), recording.approached_at),
        "av_offset_ms": spread(av_offsets_ms(recording.shots, recording.sounded), recording.approached_at),
        "voice": _voice(recording, events, turns),
        "captures": {"voice": bool(of_type(events, VoiceReady)), "face": bool(of_type(events, FaceReady))},
        "loudspeaker_gaps": recording.gap_count,
        "refused": [f"{one.reason}: {one.detail}" for one in recording.refused],
        "closed_reason": recording.closed_reason,
        "turns": turns,
        "definitions": DEFINITIONS,
    }


def duration_s(recording: Recording) -> float | None:
    """How long the visit was for the visitor."""
    if not recording.sounded:
        return None
    last = recording.sounded[-1]
    return round((last.at + len(last.pcm)) / VOICE_HZ - recording.approached_at, 2)


def word_error_rate(turns: Sequence[Turn]) -> float | None:
    """Wrong words per word said."""
    counted = [turn for turn in turns if turn.words and turn.is_counted]
    words = sum(turn.words for turn in counted)
    return round(sum(turn.errors for turn in counted) / words, 4) if words else None


def latencies(turns: Sequence[Turn], recording: Recording) -> list[float]:
    """Delays a visitor felt as an answer: not the ending, which starts by the clock whoever is speaking."""
    return [
        turn.latency_ms
        for turn in turns
        if turn.latency_ms is not None
        and not turn.is_overlap
        and not turn.is_appointed
        and not _is_ending(turn, recording)
    ]


def _is_ending(turn: Turn, recording: Recording) -> bool:
    sounded_at = next((piece.at / VOICE_HZ for piece in recording.sounded if piece.turn == turn.turn), 0.0)
    return look_at(recording, sounded_at) in _CLOSING_LOOKS


def look_at(recording: Recording, at: float) -> str:
    """What the glass showed then."""
    return next((scene.look for began, scene in reversed(recording.scenes) if began <= at), "attract")


def rendered_latencies(events: Sequence[AnyEvent]) -> list[float]:
    """Order to first sound, ms, of every line that was rendered ahead; waiting for the floor taken out."""
    return [
        round(1000 * (timed.chunk_at - timed.asked_at + timed.sounded_at - timed.released_at), 1)
        for timed in of_type(events, TurnTimed)
        if timed.kind == "line" and timed.is_rendered and timed.sounded_at and timed.lead_s < APPOINTED_S
    ]


UNDERSTOOD = 0.8
"""Share of a must-say line after which a visitor who speaks over the rest has understood it."""


def copy_shots(recording: Recording) -> list[Shot]:
    """Pictures of the time in which the copy is on the glass."""
    return [shot for shot in recording.shots if look_at(recording, shot.shown_at) in _COPY_LOOKS]


def must_say(
    events: Sequence[AnyEvent], sounded: Sequence[Sounded], must_lines: dict[str, tuple[str, ...]]
) -> dict[str, object]:
    """Which lines of the scenes that were played had to be said, and which were heard."""
    scenes = list(dict.fromkeys(event.scene for event in of_type(events, SceneEntered)))
    wanted = [line for scene in scenes for line in must_lines.get(scene, ())]
    played: dict[int, int] = {}
    for piece in sounded:
        played[piece.turn] = max(played.get(piece.turn, 0), piece.from_sample + len(piece.pcm))
    lengths = {event.turn: event.samples for event in of_type(events, SpeechEnded)}
    # A line that was cut is said again under `<line>~again`; cut this late it counts as heard, as for the director.
    whole = {
        event.line.partition("~")[0]
        for event in of_type(events, LineWanted)
        if lengths.get(event.turn, 0) > 0 and played.get(event.turn, 0) >= UNDERSTOOD * lengths[event.turn]
    }
    missing = [line for line in wanted if line not in whole]
    return {"said": len(wanted) - len(missing), "of": len(wanted), "missing": missing, "scenes": scenes}


def copy_and_host(
    recording: Recording, events: Sequence[AnyEvent], turns: Sequence[Turn]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What was said in the visitor's voice and what in the host's, 24 kHz; the first is empty if no voice was enrolled."""
    has_voice = bool(of_type(events, VoiceReady))
    said = [(turn.turn, turn.voice) for turn in turns]
    said += [(clause.turn, clause.voice) for clause in of_type(events, ReplyClause) if clause.voice == "self"]
    own, host = ({turn for turn, voice in said if voice == whose} for whose in ("self", "host"))
    return sound_of(recording.sounded, own if has_voice else set()), sound_of(recording.sounded, host)


def _voice(recording: Recording, events: Sequence[AnyEvent], turns: Sequence[Turn]) -> dict[str, object]:
    spoken = np.concatenate([np.zeros(0, np.float32), *(one.samples for one in recording.spoken)])
    found = voice_likeness(spoken, *copy_and_host(recording, events, turns))
    return found if of_type(events, VoiceReady) else {**found, "reason": "no voice was enrolled"}
