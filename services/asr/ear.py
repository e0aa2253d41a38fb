"""The ear: from speech probabilities to utterances, and what is to be done about them. Pure.

`step` takes in one frame, `opine` what the turn model said of a pause; both return the new ear and orders, which the shell
carries out. Frames count from the visit's first sample, so every number here is a function of the sound alone.
"""

import msgspec

from services.asr import endpointing, vad
from services.asr.endpointing import Patience
from services.asr.vad import FRAME_S, Activity, Edge, Phase, VadSettings, frames


class EarSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the ear cuts sound into utterances."""

    vad: VadSettings = VadSettings()
    min_speech_s: float = 0.2
    max_turn_s: float = 20.0
    join_within_s: float = 1.0
    patience: dict[str, Patience] = msgspec.field(default_factory=lambda: dict(endpointing.PATIENCE))
    partial_first_s: float = 0.35
    partial_step_s: float = 0.45


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What the ear must know of the play at one frame."""

    expects: str = "open"
    mirror_speaks: bool = False


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One that is going on. Frames are numbers of frames, both ends included."""

    number: int
    first: int
    """First frame of its speech."""
    turn_first: int
    """First frame of the turn: that of the utterance it continues, or its own."""
    not_before: int = 0
    """First frame after the speech of the utterance before it."""
    joins: int = 0
    last_speech: int = 0
    speech_frames: int = 0
    p_sum: float = 0.0
    pause: int = 0
    """How many pauses it had, counting one that is going on."""
    asked_s: float | None = None
    """Silence at the last question to the turn model in this pause."""
    answers: tuple[float, ...] = ()
    """What the turn model said in this pause so far."""
    is_complete: bool = False
    """The turn model is sure; only a frame that may be new speech holds the end back."""
    partial: int = 0
    """Frame of the last wish for a partial."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech, pauses left out."""
        return self.speech_frames * FRAME_S

    @property
    def mean_p(self) -> float:
        """Mean speech probability over its speech frames."""
        return self.p_sum / self.speech_frames if self.speech_frames else 0.0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Something for the shell to do about an utterance, noticed at `frame`."""

    frame: int
    utterance: Utterance


class Begin(Order, frozen=True, kw_only=True):
    """It began."""


class Pause(Order, frozen=True, kw_only=True):
    """It may be over: decode it now, so that the words are there when it is."""


class Resume(Order, frozen=True, kw_only=True):
    """It goes on: what the last pause started is void."""


class Partial(Order, frozen=True, kw_only=True):
    """Time to show what has been understood so far, if the machine has time to spare."""


class AskTurn(Order, frozen=True, kw_only=True):
    """Ask the turn model about the turn up to `frame`, and hand its answer to `opine`."""

    silence_s: float


class Finish(Order, frozen=True, kw_only=True):
    """It is over."""

    waited_s: float
    """Silence that was waited for."""
    is_cut: bool = False
    """It had become too long: there is no pause here."""


class Drop(Order, frozen=True, kw_only=True):
    """It was none: too little speech in it."""


class Ear(msgspec.Struct, frozen=True, kw_only=True):
    """All the ear remembers."""

    next_number: int = 1
    activity: Activity = Activity()
    utterance: Utterance | None = None
    last: Utterance | None = None
    """The last that was finished."""
    last_end: int = -1
    """Frame at which it was found to be over."""
    history: tuple[float, ...] = ()
    """The last second and a half of probabilities: where to cut one that is too long."""


def step(settings: EarSettings, ear: Ear, frame: int, p: float, scene: Scene) -> tuple[Ear, list[Order]]:
    """Frame number `frame`, with speech probability `p`."""
    activity, edge = vad.step(settings.vad, ear.activity, p, mirror_speaks=scene.mirror_speaks)
    history = (*ear.history, p)[-frames(1.5) :]
    ear = msgspec.structs.replace(ear, activity=activity, history=history)
    if edge is Edge.STARTED:
        return _begin(settings, ear, frame, p)
    if ear.utterance is None:
        return ear, []
    if activity.phase is Phase.SPEECH:
        return _speak(settings, ear, frame, p, edge)
    return _be_silent(settings, ear, frame, scene, edge)


def opine(
    settings: EarSettings, ear: Ear, order: AskTurn, p_complete: float, *, frame: int, scene: Scene
) -> tuple[Ear, list[Order]]:
    """The turn model's answer to `order`: how probably the turn is complete. `frame` is the newest frame taken in."""
    now, asked = ear.utterance, order.utterance
    if now is None or (now.number, now.pause) != (asked.number, asked.pause) or ear.activity.phase is not Phase.PAUSE:
        return ear, []
    now = msgspec.structs.replace(now, answers=(*now.answers, p_complete))
    is_over = endpointing.is_over(_patience(settings, now, scene), order.silence_s, now.answers)
    now = msgspec.structs.replace(now, is_complete=is_over)
    return _end_if_quiet(msgspec.structs.replace(ear, utterance=now), frame, order.silence_s)


def finish_now(settings: EarSettings, ear: Ear, frame: int) -> tuple[Ear, list[Order]]:
    """End what is going on, because no more sound comes."""
    now = ear.utterance
    if now is None:
        return ear, []
    return _end(settings, ear, now, frame, max(0, frame - now.last_speech) * FRAME_S)


def _begin(settings: EarSettings, ear: Ear, frame: int, p: float) -> tuple[Ear, list[Order]]:
    first = frame - ear.activity.lead
    joined = ear.last if ear.last is not None and (first - ear.last_end) * FRAME_S <= settings.join_within_s else None
    if joined is not None and (first - joined.turn_first) * FRAME_S > 2 * settings.max_turn_s:
        joined = None
    began = Utterance(
        number=ear.next_number,
        first=first,
        turn_first=joined.turn_first if joined else first,
        not_before=ear.last.last_speech + 1 if ear.last else 0,
        joins=joined.number if joined else 0,
        last_speech=frame,
        speech_frames=frame - first + 1,
        p_sum=sum(ear.history[-(frame - first + 1) :]) or p,
        partial=first + frames(settings.partial_first_s) - frames(settings.partial_step_s),
    )
    ear = msgspec.structs.replace(ear, utterance=began, next_number=began.number + 1)
    return ear, [Begin(frame=frame, utterance=began)]


def _speak(settings: EarSettings, ear: Ear, frame: int, p: float, edge: Edge | None) -> tuple[Ear, list[Order]]:
    now = ear.utterance
    assert now is not None
    if ear.activity.silent_frames == 0:
        now = msgspec.structs.replace(
            now, last_speech=frame, speech_frames=now.speech_frames + 1, p_sum=now.p_sum + p, is_complete=False
        )
    orders: list[Order] = [Resume(frame=frame, utterance=now)] if edge is Edge.RESUMED else []
    if (frame - now.first) * FRAME_S >= settings.max_turn_s:
        return _cut(ear, now, frame, orders)
    is_due = frame - now.partial >= frames(settings.partial_step_s)
    # Not in what may become a pause: its decode would have to wait.
    if settings.partial_step_s > 0 and is_due and ear.activity.silent_frames == 0:
        now = msgspec.structs.replace(now, partial=frame)
        orders.append(Partial(frame=frame, utterance=now))
    return msgspec.structs.replace(ear, utterance=now), orders


def _be_silent(settings: EarSettings, ear: Ear, frame: int, scene: Scene, edge: Edge | None) -> tuple[Ear, list[Order]]:
    now = ear.utterance
    assert now is not None
    orders: list[Order] = []
    if edge is Edge.PAUSED:
        now = msgspec.structs.replace(now, pause=now.pause + 1, asked_s=None, answers=(), is_complete=False)
        orders.append(Pause(frame=frame, utterance=now))
    silence_s = (frame - now.last_speech) * FRAME_S
    patience = _patience(settings, now, scene)
    if silence_s >= patience.max_s - 1e-6:
        ear, ended = _end(settings, ear, now, frame, silence_s)
        return ear, [*orders, *ended]
    if now.speech_s >= settings.min_speech_s and endpointing.is_check_due(patience, silence_s, now.asked_s):
        now = msgspec.structs.replace(now, asked_s=silence_s)
        orders.append(AskTurn(frame=frame, utterance=now, silence_s=silence_s))
    ear, ended = _end_if_quiet(msgspec.structs.replace(ear, utterance=now), frame, silence_s)
    return ear, [*orders, *ended]


def _end_if_quiet(ear: Ear, frame: int, waited_s: float) -> tuple[Ear, list[Order]]:
    """End a complete turn, unless the newest frame may be the first of more speech."""
    now = ear.utterance
    if now is None or not now.is_complete or (ear.activity.loud and ear.activity.loud[-1]):
        return ear, []
    return _closed(ear, now, frame), [Finish(frame=frame, utterance=now, waited_s=waited_s)]


def _end(settings: EarSettings, ear: Ear, now: Utterance, frame: int, silence_s: float) -> tuple[Ear, list[Order]]:
    if now.speech_s < settings.min_speech_s:
        return _at_rest(ear), [Drop(frame=frame, utterance=now)]
    return _closed(ear, now, frame), [Finish(frame=frame, utterance=now, waited_s=silence_s)]


def _closed(ear: Ear, ended: Utterance, frame: int) -> Ear:
    """`last` is kept for a turn that resumes, whether or not its words are believed later."""
    return msgspec.structs.replace(_at_rest(ear), last=ended, last_end=frame)


def _at_rest(ear: Ear) -> Ear:
    return msgspec.structs.replace(ear, activity=Activity(loud=ear.activity.loud), utterance=None)


def _cut(ear: Ear, now: Utterance, frame: int, orders: list[Order]) -> tuple[Ear, list[Order]]:
    """End one that is too long where it was quietest within the last second and a half, and begin the next there."""
    quietest = min(range(len(ear.history)), key=lambda i: ear.history[i])
    at = frame - (len(ear.history) - 1 - quietest)
    rest = frame - at
    head = msgspec.structs.replace(
        now,
        last_speech=at,
        speech_frames=max(1, now.speech_frames - rest),
        p_sum=now.p_sum - sum(ear.history[quietest + 1 :]),
    )
    tail = Utterance(
        number=ear.next_number, first=at + 1, turn_first=at + 1, not_before=at + 1, joins=now.number, last_speech=frame,
        speech_frames=rest, p_sum=sum(ear.history[quietest + 1 :]), partial=frame,
    )  # fmt: skip
    orders = [
        *orders,
        Finish(frame=frame, utterance=head, waited_s=0.0, is_cut=True),
        Begin(frame=frame, utterance=tail),
    ]
    ear = msgspec.structs.replace(ear, utterance=tail, next_number=tail.number + 1, last=head, last_end=frame)
    return ear, orders


def _patience(settings: EarSettings, now: Utterance, scene: Scene) -> Patience:
    return endpointing.patience_for(settings.patience, scene.expects, (now.last_speech - now.first + 1) * FRAME_S)
