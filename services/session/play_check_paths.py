"""Faults on the ways through a play: facts that are missing on some path, cycles, sums that do not fit. Pure."""

from collections.abc import Iterator

from services.session.director_beat import COPY_LOOKS
from services.session.play import Play, Scene
from services.session.play_check_parts import CONSENT, FACTS_OF_CAPTURE, Fault
from services.session.play_clock import CODA_LEAD_S, floor_s, lines_s, speech_s
from services.session.play_paths import Facts, exits, given, lines_of_scene, spine
from services.session.play_yaml import Where

MOST_PATHS = 20_000
"""A play with more ways through it is refused rather than walked for minutes."""

Path = tuple[tuple[Scene, ...], Facts]
"""Scenes walked, and the facts that hold on arriving in the last."""


def check_paths(play: Play) -> Iterator[Fault]:
    """What must hold on every way through the play."""
    reached: set[str] = set()
    budget = MOST_PATHS
    for walked, facts in _walk(play):
        budget -= 1
        if budget == 0:
            yield ("scenes",), f"more than {MOST_PATHS} ways through it; give it fewer branches"
            return
        scene, where = walked[-1], ("scenes", play.scenes.index(walked[-1]))
        if scene in walked[:-1]:
            yield where, f"goes in a circle: {_names(walked)}; every scene is played once at most"
            continue
        reached.add(scene.id)
        yield from _check_facts(play, walked, facts, where)
    for index, scene in enumerate(play.scenes):
        if scene.id not in reached:
            yield ("scenes", index), "no way leads here; lead one here, or delete it"


def _walk(play: Play) -> Iterator[Path]:
    """Every way through the play, scene by scene; a way that bites its tail is shown once and not followed."""
    by_id = {scene.id: scene for scene in play.scenes}
    todo: list[Path] = [((play.scenes[0],), frozenset())]
    while todo:
        walked, facts = todo.pop()
        yield walked, facts
        if walked[-1] not in walked[:-1]:
            ways = {(way.go, facts | given(walked[-1], way.when)) for way in exits(play, walked[-1])}
            todo.extend(
                ((*walked, by_id[go]), then) for go, then in sorted(ways, key=lambda one: (one[0], sorted(one[1])))
            )


def _names(walked: tuple[Scene, ...]) -> str:
    return " > ".join(scene.id for scene in walked)


def _check_facts(play: Play, walked: tuple[Scene, ...], facts: Facts, where: Where) -> Iterator[Fault]:
    scene, way = walked[-1], _names(walked)
    if scene.capture is not None and CONSENT not in facts:
        yield (
            where,
            f"captures a {scene.capture.what} before consent on the way {way}; lead every way here through a yes",
        )
    for fact in scene.needs:
        is_excused = fact in FACTS_OF_CAPTURE and getattr(play.without, fact)
        if fact not in facts and not is_excused:
            yield where, f"needs {fact!r}, which the way {way} does not give"
    is_copys = scene.speaker == "self" or any(play.lines[line].voice == "self" for line in lines_of_scene(scene))
    if is_copys and "voice" not in facts and not play.without.voice:
        yield where, (f"speaks with the visitor's voice, which the way {way} never captured; lead that way elsewhere, "
                      "or declare `without: {voice: host}`")  # fmt: skip
    if scene.look in COPY_LOOKS and "face" not in facts and not play.without.face:
        yield where, (f"shows the copy, whose face the way {way} never captured; lead that way elsewhere, "
                      "or declare `without: {face: veiled}`")  # fmt: skip
    if (is_copys or scene.look in COPY_LOOKS) and CONSENT not in facts:
        yield where, f"shows or speaks the copy without consent on the way {way}"


def check_time(play: Play) -> Iterator[Fault]:
    """Whether the seconds add up, in every language."""
    for index, scene in enumerate(play.scenes):
        yield from _check_lines_fit(play, scene, ("scenes", index))
    way = spine(play)
    if not way:
        yield ("coda",), f"no way leads from the first scene to {play.coda!r}; lead one there"
        return
    if not any(scene.elastic for scene in way):
        yield ("scenes",), "no scene on the way to the coda is `elastic`: nothing takes up seconds that others save"
    for language in play.languages:
        coda_s = lines_s(play, way[-1], language, {}) + CODA_LEAD_S
        planned = sum(scene.time.soft for scene in way[:-1]) + coda_s
        if planned > play.duration_s:
            yield ("duration_s",), (f"planned times (soft) and the coda add up to {planned:.0f} s in {language!r}, "
                                    f"more than {play.duration_s:g}; shorten a scene")  # fmt: skip
        latest = coda_s + sum(
            floor_s(play, scene, language, {}) if scene.kind == "talk" else scene.time.hard for scene in way[:-1]
        )
        if latest > play.duration_s:
            yield ("duration_s",), (f"if gates and enrolments take all their time, the rest needs {latest:.0f} s in "
                                    f"{language!r}, more than {play.duration_s:g}; shorten a hard or a min")  # fmt: skip


def _check_lines_fit(play: Play, scene: Scene, where: Where) -> Iterator[Fault]:
    for language in play.languages:
        together = lines_s(play, scene, language, {})
        if together > scene.time.hard:
            yield where, (f"its must-say lines take {together:.0f} s in {language!r}, longer than its hard "
                          f"{scene.time.hard:g} s; shorten them or give it time")  # fmt: skip
        for line in lines_of_scene(scene):
            length = speech_s(play.lines[line].text[language], play.speech_wpm)
            if line not in scene.must_say and length > scene.time.hard:
                yield where, f"line {line!r} takes {length:.0f} s in {language!r}, longer than the scene; shorten it"
