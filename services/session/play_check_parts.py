"""Faults in the parts of a play: names that lead nowhere, lines that lack a language, times that make no sense. Pure."""

import difflib
import math
from collections.abc import Iterable, Iterator

from services.session.play import CAPTURE_REASONS, CAPTURED, CLOCK, NEXT, STAY, Handler, Line, Play, Scene
from services.session.play_paths import handler_targets, lines_anywhere, lines_of_scene
from services.session.play_yaml import Where

Fault = tuple[Where, str]

CONSENT = "consent"
FACTS_OF_CAPTURE = ("face", "voice")
FEWEST_EXAMPLES = 3
RESERVED_SIGNALS = (CLOCK, CAPTURED, "withdrawn")
HANDLERS = ("refusal", "off_topic", "second_person", "model_down", "unsafe", "dictation", "stage_down")


def check_parts(play: Play) -> Iterator[Fault]:
    """Everything that can be seen without walking through the play."""
    yield from _check_lines(play)
    yield from _check_handlers(play)
    ids = [scene.id for scene in play.scenes]
    for index, scene in enumerate(play.scenes):
        where: Where = ("scenes", index)
        if ids.index(scene.id) != index:
            yield where, f"two scenes are called {scene.id!r}; rename one"
        yield from _check_time(scene, where)
        yield from _check_exits(play, scene, where)
        yield from _check_signals(play, scene, where)
        yield from _check_kind(play, scene, where)
        yield from _known_lines(play, lines_of_scene(scene), where)
    if play.coda not in ids:
        yield ("coda",), _unknown("scene", play.coda, ids)
    elif play.scene(play.coda).kind != "coda":
        yield ("coda",), f"scene {play.coda!r} is no coda; give it `kind: coda`"
    for missing in [fact for fact in (CONSENT,) if fact not in play.facts]:
        yield ("facts",), f"{missing!r} is missing; a play that captures anything needs it"


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"no {kind} is called {name!r}; {hint}"


def _known_lines(play: Play, names: Iterable[str], where: Where) -> Iterator[Fault]:
    for name in names:
        if name not in play.lines:
            yield where, _unknown("line", name, play.lines)


def _check_lines(play: Play) -> Iterator[Fault]:
    used = {*lines_anywhere(play), *(line for scene in play.scenes for line in lines_of_scene(scene))}
    for name, line in play.lines.items():
        where: Where = ("lines", name)
        if "~" in name:
            yield where, "a line's name has no ~ in it"
        if name not in used:
            yield where, "is never said; use it or delete it"
        yield from _check_words(play, line, where)


def _check_words(play: Play, line: Line, where: Where) -> Iterator[Fault]:
    for key in ("text", "again", "unvoiced", "glass"):
        words: dict[str, str] = getattr(line, key)
        if not words and key != "text":
            continue
        for language in play.languages:
            if not words.get(language, "").strip():
                yield (*where, key), f"has no words in {language!r}; every line is said in every language of the play"
        yield from _strange_languages(play, words, (*where, key))


def _strange_languages(play: Play, words: Iterable[str], where: Where) -> Iterator[Fault]:
    for language in words:
        if language not in play.languages:
            yield (
                where,
                f"{language!r} is no language of this play ({', '.join(play.languages)}); add it there or delete it",
            )


def _check_handlers(play: Play) -> Iterator[Fault]:
    codas = [scene.id for scene in play.scenes if scene.kind == "coda" and scene.id != play.coda]
    for name, target in handler_targets(play):
        if target not in codas:
            yield (
                ("anywhere", name),
                f"leads to {target!r}; use {STAY}, {NEXT} or an ending of its own: {', '.join(codas)}",
            )
    for name in HANDLERS:
        handler: Handler = getattr(play.anywhere, name)
        yield from _known_lines(play, handler.say, ("anywhere", name))
        if not 0 <= handler.after_s < math.inf:
            yield ("anywhere", name, "after_s"), "must be 0 or more seconds"
    silence = play.anywhere.silence
    yield from _known_lines(play, silence.say, ("anywhere", "silence"))
    yield from _known_lines(play, play.fillers, ("fillers",))
    yield from _known_lines(play, play.nods, ("nods",))
    if not silence.after_s or not all(1.0 <= after_s < math.inf for after_s in silence.after_s):
        yield ("anywhere", "silence", "after_s"), "needs a list of seconds, each at least 1, such as [6, 9]"
    yield from _check_examples(play, play.anywhere.withdrawn.examples, ("anywhere", "withdrawn"))


def _check_time(scene: Scene, where: Where) -> Iterator[Fault]:
    time = scene.time
    if not 0 < time.min <= time.soft <= time.hard < math.inf:
        yield (*where, "time"), f"needs 0 < min <= soft <= hard; it has {time.min:g}, {time.soft:g}, {time.hard:g}"


def _check_exits(play: Play, scene: Scene, where: Where) -> Iterator[Fault]:
    ids = [one.id for one in play.scenes]
    for index, way in enumerate(scene.next):
        at = (*where, "next", index)
        if way.go not in ids:
            yield at, _unknown("scene", way.go, ids)
        known = [CLOCK, *scene.signals, *([CAPTURED] if scene.capture else [])]
        if way.when not in known:
            yield at, f"leaves on {way.when!r}, which is never given here; use {', '.join(known)}"
    names = [way.when for way in scene.next]
    for name in {name for name in names if names.count(name) > 1}:
        yield (*where, "next"), f"has two exits for {name!r}; keep one"
    if scene.kind == "coda" and scene.next:
        yield (*where, "next"), "nothing follows a coda: the visit ends with it; delete `next`"
    if scene.kind != "coda" and CLOCK not in names:
        yield (*where, "next"), "dead end: no exit for the clock; add {when: clock, go: ...}"


def _check_signals(play: Play, scene: Scene, where: Where) -> Iterator[Fault]:
    for name, signal in scene.signals.items():
        at = (*where, "signals", name)
        if name in RESERVED_SIGNALS:
            yield at, f"{name!r} means something else here; use another name"
        for fact in signal.gives:
            if fact not in play.facts:
                yield at, _unknown("fact", fact, play.facts)
            if fact in FACTS_OF_CAPTURE or (fact == CONSENT and scene.kind != "gate"):
                yield (
                    at,
                    f"cannot give {fact!r}: "
                    + ("only a gate gives consent" if fact == CONSENT else "only a capture gives it"),
                )
        yield from _check_examples(play, signal.examples, at)
    for fact in scene.needs:
        if fact not in play.facts:
            yield (*where, "needs"), _unknown("fact", fact, play.facts)


def _check_examples(play: Play, examples: dict[str, tuple[str, ...]], where: Where) -> Iterator[Fault]:
    for language in play.languages:
        if len(examples.get(language, ())) < FEWEST_EXAMPLES:
            yield where, f"needs at least {FEWEST_EXAMPLES} examples in {language!r}"
    yield from _strange_languages(play, examples, where)


def _check_kind(play: Play, scene: Scene, where: Where) -> Iterator[Fault]:
    if (scene.kind == "enrol") != (scene.capture is not None):
        yield where, "a scene has a `capture` if and only if it is of kind enrol"
    if scene.kind == "talk" and not scene.goal:
        yield where, "a talk scene needs a `goal`, for the model that improvises in it"
    if scene.kind == "gate" and (scene.speaker == "self" or not scene.unclear):
        yield where, "a gate is spoken by the host and needs a line in `unclear`, said once after an unclear answer"
    if scene.kind in ("gate", "coda") and not scene.must_say:
        yield where, f"a {scene.kind} needs lines in `must_say`"
    if scene.max_words < 1 or not 0 <= scene.breath_s <= 10:
        yield where, "needs max_words of at least 1 and breath_s between 0 and 10"
    for key, spoken in (("improvise", scene.improvise), ("examples", scene.examples)):
        for language in play.languages if scene.kind == "talk" else ():
            if not spoken.get(language):
                yield (*where, key), f"has nothing in {language!r}; the copy could not improvise there"
        yield from _strange_languages(play, spoken, (*where, key))
    yield from _check_slots(scene, where)
    if scene.capture is not None:
        yield from _check_capture(scene, where)


def _check_slots(scene: Scene, where: Where) -> Iterator[Fault]:
    for language, lines in scene.improvise.items():
        for index, line in enumerate(lines):
            rest = line.replace("{echo}", "")
            if "{" in rest or "}" in rest:
                yield (*where, "improvise", language, index), "knows only one slot: {echo}, the visitor's own words"


def _check_capture(scene: Scene, where: Where) -> Iterator[Fault]:
    capture = scene.capture
    if capture is None:
        return
    at = (*where, "capture")
    if (capture.cue and capture.cue not in scene.must_say) or not scene.must_say:
        yield at, "begins on a must-say line of its scene; name one in `cue`"
    if not 0 <= capture.retries <= 2:
        yield at, "retries is 0, 1 or 2: nobody is asked a third time"
    if not 0 < capture.min_speech_s <= capture.max_speech_s < math.inf or not 1 <= capture.wait_s <= 20:
        yield at, "needs 0 < min_speech_s <= max_speech_s, and wait_s from 1 to 20"
    if capture.what == "voice" and not capture.more:
        yield at, "needs a second question in `more`, for those who answer in three words"
    if not capture.words.get("any"):
        yield at, "needs `words` for `any`: what is said when it does not pass"
    if not capture.without:
        yield at, "needs `without`: the line said when the play goes on without it"
    for reason in capture.words:
        if reason not in CAPTURE_REASONS:
            yield (*at, "words"), _unknown("reason", reason, CAPTURE_REASONS)
