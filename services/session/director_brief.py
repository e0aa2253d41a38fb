"""Whether a reply is wanted now, how long it may be, and what it should know. Pure."""

from services.session.director_beat import has_voice
from services.session.director_state import PlayState
from services.session.play import Scene
from services.session.play_clock import words_in
from services.session.play_events import Brief
from shared.events import ScenePrompt, SignalSpec

CLOSING_S = 10.0
"""A reply begun this short before its scene should end asks nothing more."""
FILLER_EVERY = 3
"""A filler is offered for one turn in so many."""


def room_for(state: PlayState, now: float) -> int:
    """Words a reply begun now may have and still end in time; 0: none is begun."""
    scene = state.here()
    return words_in(state.span().limit - now, state.play.speech_wpm, scene.max_words)


def is_closing(state: PlayState, now: float) -> bool:
    """The reply should ask nothing more: the scene is about to be left."""
    span = state.span()
    due = span.target if state.armed else span.overtime
    return state.here().kind == "talk" and now >= due - CLOSING_S


def wants_reply(state: PlayState, now: float) -> bool:
    """Whatever the visitor says next should be answered by the model."""
    if not state.scene or state.ended:
        return False
    scene = state.here()
    if scene.kind in ("gate", "coda") or not scene.goal or state.deciding is not None:
        return False
    if scene.kind == "enrol" and state.armed:  # what comes next answers better
        return False
    return not any(due.tries == 0 for due in state.due) and room_for(state, now) > 0


def make_brief(state: PlayState, now: float) -> Brief:
    """What a reply to whatever the visitor says next should know."""
    if not state.scene:
        empty = ScenePrompt(scene="", goal="", persona=state.play.persona)
        return Brief(prompt=empty, signals=(), wants_reply=False, expects="none")
    scene, language = state.here(), state.language
    texts = (state.play.lines[line].text[language] for line in state.said if line in state.play.lines)
    prompt = ScenePrompt(
        scene=scene.id, goal=scene.goal, persona=state.play.persona,
        speaker="self" if scene.speaker == "self" and has_voice(state) else "host",
        examples=scene.examples.get(language, ()), improvise=scene.improvise.get(language, ()),
        avoid=(*texts, *state.replies), max_words=room_for(state, now) or scene.max_words,
        steer=state.steer or ("closing" if is_closing(state, now) else ""),
    )  # fmt: skip
    wants = wants_reply(state, now)
    return Brief(
        prompt=prompt, signals=_listens_for(state, scene), wants_reply=wants, expects=scene.expects,
        filler=_filler(state) if wants else None,
    )  # fmt: skip


def _listens_for(state: PlayState, scene: Scene) -> tuple[SignalSpec, ...]:
    language = state.language
    specs = tuple(
        SignalSpec(name=name, means=signal.means, examples=signal.examples.get(language, ()))
        for name, signal in scene.signals.items()
    )
    if scene.kind in ("gate", "coda"):
        return specs
    withdrawn = state.play.anywhere.withdrawn
    return (
        *specs, SignalSpec(name="withdrawn", means=withdrawn.means, examples=withdrawn.examples.get(language, ())),
    )  # fmt: skip


def _filler(state: PlayState) -> tuple[str, str, str] | None:
    """For one turn in three, each only once."""
    turn, offset = divmod(state.answers, FILLER_EVERY)
    if offset != 1 or turn >= len(state.play.fillers) or state.here().speaker != "self":
        return None
    line = state.play.fillers[turn]
    return line, state.play.lines[line].text[state.language], "self" if has_voice(state) else "host"
