"""Lines of the play: when they are said, what being cut or failing means, what is rendered ahead. Pure."""

from collections.abc import Iterable, Iterator

import msgspec

from services.session.director_beat import Beat, awaits_words, wording
from services.session.director_state import DueLine, PlayState, Saying
from services.session.foresight import dues
from services.session.play_clock import CODA_LEAD_S, LINE_START_S, coda_starts
from services.session.play_events import Ahead, LineDone, PrepareLines, SayLine, ShowLine, TakenUp
from services.session.play_paths import lines_anywhere, lines_of_scene

UNDERSTOOD = 0.8
"""A must-say line of which this share was heard before it was cut counts as said."""
ANSWERABLE = 0.5
"""A question of which less was heard has not been answered, whatever was said over it."""
MOST_TRIES = 3
PATIENCE_S = 8.0
"""So long a line waits for a visitor who goes on speaking; then must-say lines are said, others are dropped."""
AFTER_FAILURE_S = 1.5
LOST_AFTER = 1.5
"""A line nothing is told of is given up after this multiple of its length ..."""
LOST_AFTER_S = 6.0
"""... and these seconds."""


def say_next(beat: Beat) -> None:
    """Begin the next due line if the floor is free."""
    while beat.state.due and _may_begin(beat.state):
        due = beat.state.due[0]
        beat.change(due=beat.state.due[1:])
        if beat.state.is_visitor_speaking and not due.is_must:
            continue  # the moment for it has passed
        if _fits(beat.state, due):
            _begin(beat, due)
            return


def _may_begin(state: PlayState) -> bool:
    if state.saying is not None or state.answering is not None or state.now < state.free_from:
        return False
    if awaits_words(state):
        return False
    waited_s = state.now - max(state.due[0].since, state.speaking_since)
    return not state.is_visitor_speaking or waited_s >= PATIENCE_S or state.now >= _latest_begin(state)


def _latest_begin(state: PlayState) -> float:
    """From here on the must-say lines that are due would not be over when the scene is."""
    lengths = [state.line_s(due.line) + LINE_START_S for due in state.due if due.is_must]
    breaths_s = state.here().breath_s * len(lengths)
    return state.span().last - sum(lengths) - breaths_s - LINE_START_S if lengths else state.play.duration_s


def _fits(state: PlayState, due: DueLine) -> bool:
    """It is over before the coda must begin."""
    if state.here().kind == "coda":
        return True
    order, words, _ = wording(state, due.line, is_again=due.tries > 0, speaker=state.here().speaker)
    over = state.now + LINE_START_S + state.length_s(order, words)
    return over <= coda_starts(state.play, state.language, state.measured) - CODA_LEAD_S / 2


def _begin(beat: Beat, due: DueLine) -> None:
    state = beat.state
    line = state.play.lines[due.line]
    order, words, voice = wording(state, due.line, is_again=due.tries > 0, speaker=beat.here.speaker)
    length_s = state.length_s(order, words)
    _show_on_glass(beat, line.glass.get(state.language, ""))
    # Whoever cuts a line twice hears it the second time: it must be said on every path.
    beat.order(SayLine(line=order, text=words, voice=voice, may_be_cut=line.may_be_cut and due.tries == 0))
    saying = Saying(
        due=msgspec.structs.replace(due, tries=due.tries + 1), order=order, words=words, ordered_at=state.now, length_s=length_s,
        deadline=_lost_at(state.now, length_s),
    )  # fmt: skip
    beat.change(saying=saying, was_closing=False)


def _lost_at(now: float, length_s: float) -> float:
    return now + length_s * LOST_AFTER + LOST_AFTER_S


def _show_on_glass(beat: Beat, words: str) -> None:
    if words or beat.state.glass:
        beat.order(ShowLine(text=words))
        beat.change(glass=bool(words))


def line_done(beat: Beat, told: LineDone) -> None:
    """A line is over, was cut, or failed."""
    if told.line in beat.state.coda_left:
        left = tuple(line for line in beat.state.coda_left if line != told.line)
        beat.change(coda_left=left)
        words = _words_of(beat.state, told.line)
        if told.failed or (told.was_cut and len(told.said) < UNDERSTOOD * len(words)):
            _show_on_glass(beat, words)
        else:
            beat.change(said=(*beat.state.said, told.line))
    saying = beat.state.saying
    if saying is not None and saying.order == told.line:
        _close_line(beat, saying, told)


def _close_line(beat: Beat, saying: Saying, told: LineDone) -> None:
    state, due = beat.state, saying.due
    beat.change(saying=None, quiet_since=state.now, free_from=state.now + beat.here.breath_s)
    if state.glass and not told.failed:
        _show_on_glass(beat, "")
    heard = len(told.said) / len(saying.words)
    if told.failed:
        # Nothing sounds: let the visitor read it, and try to say it a little later.
        _show_on_glass(beat, _words_of(state, due.line))
        beat.change(free_from=state.now + AFTER_FAILURE_S)
    elif not told.was_cut or heard >= UNDERSTOOD:
        beat.change(said=(*state.said, due.line))
        return
    if due.is_must and due.tries < MOST_TRIES:
        again = msgspec.structs.replace(due, since=state.now, heard=max(due.heard, 0.0 if told.failed else heard))
        beat.change(due=(again, *beat.state.due))


def question_understood(beat: Beat, least: float = ANSWERABLE) -> None:
    """The scene's question was answered, though the answer may have cut it: it is not asked again, if `least` of it was heard."""
    question = beat.here.must_say[-1:]
    cut = (due for due in beat.state.due if due.tries > 0 and due.line in question)
    answered = tuple(due.line for due in cut if due.heard >= least)
    due = tuple(due for due in beat.state.due if due.line not in answered)
    beat.change(due=due, said=(*beat.state.said, *answered))


def _words_of(state: PlayState, line: str) -> str:
    return wording(state, line, is_again=False, speaker=state.here().speaker)[1]


def taken_up(beat: Beat, told: TakenUp) -> None:
    """Who kept watch was away; the line that was at the loudspeaker then has as long as one that begins now."""
    saying = beat.state.saying
    if saying is not None:
        beat.change(saying=msgspec.structs.replace(saying, deadline=_lost_at(beat.now, saying.length_s)))


def give_up_lost_lines(beat: Beat) -> None:
    """A line nothing was ever told of does not hold up the play."""
    saying = beat.state.saying
    if saying is not None and beat.now >= saying.deadline:
        beat.change(saying=None, quiet_since=beat.now)


def say_coda(beat: Beat, *, is_timed: bool) -> None:
    """Order every line of a coda; timed, its last word ends at the play's duration."""
    state, scene = beat.state, beat.here
    spoken = [wording(state, line, is_again=False, speaker=scene.speaker) for line in scene.must_say]
    total_s = 0.0
    starts: list[float] = []
    for order, words, _ in reversed(spoken):
        total_s += state.length_s(order, words)
        starts.insert(0, state.play.duration_s - total_s)
        total_s += scene.breath_s
    for (order, words, voice), starts_at in zip(spoken, starts, strict=True):
        beat.order(SayLine(line=order, text=words, voice=voice, may_be_cut=False,
                           starts_at=round(starts_at, 3) if is_timed else 0.0))  # fmt: skip
    soon = _lost_at(state.now, total_s)
    last = state.play.duration_s + 0.5
    beat.change(
        coda_left=tuple(order for order, _, _ in spoken), is_coda_timed=is_timed,
        coda_deadline=last if is_timed else min(soon, last),
    )  # fmt: skip


def prepare_host(beat: Beat) -> None:
    """Render what the mirror itself says; what must be said when it is due, the rest in the order of the scenes."""
    state = beat.state
    scenes = [scene for scene in state.play.scenes if scene.speaker == "host"]
    names = [*(line for scene in scenes for line in lines_of_scene(scene)), *lines_anywhere(state.play)]
    _prepare(beat, (name for name in names if state.play.lines[name].voice != "self"), "host")


def prepare_copy(beat: Beat) -> None:
    """Render what the copy says: what must be said when it is due, then what is said soonest or most often."""
    play = beat.state.play
    mine = [scene for scene in play.scenes if scene.speaker == "self"]
    must = [line for scene in mine for line in scene.must_say]
    rest = [line for scene in mine for line in lines_of_scene(scene)]
    names = [*play.fillers, *must, *lines_anywhere(play), *rest]
    _prepare(beat, names, "self")


def _prepare(beat: Beat, names: Iterable[str], speaker: str) -> None:
    lines = tuple(dict.fromkeys(_renderings(beat.state, names, speaker)))
    if lines:
        beat.order(PrepareLines(lines=lines))


def _renderings(state: PlayState, names: Iterable[str], speaker: str) -> Iterator[Ahead]:
    due = dues(state)
    for name in names:
        line = state.play.lines[name]
        if speaker == "self" and line.voice == "host":
            continue  # was rendered at the beginning
        yield Ahead(*wording(state, name, is_again=False, speaker=speaker), due=due.get(name))
        if line.again:
            yield Ahead(*wording(state, name, is_again=True, speaker=speaker))
