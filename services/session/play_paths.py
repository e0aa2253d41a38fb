"""The ways through a play: which scenes follow which, and with which facts one arrives. Pure."""

from collections.abc import Iterator

from services.session.play import CAPTURED, NEXT, STAY, Exit, Play, Scene

Facts = frozenset[str]


def exits(play: Play, scene: Scene) -> Iterator[Exit]:
    """The scene's own ways out, and those that handlers open in every scene but a coda."""
    yield from scene.next
    if scene.kind == "coda":
        return
    for name, target in handler_targets(play):
        if not (name == "withdrawn" and scene.kind == "gate"):  # a gate has its own no
            yield Exit(when=name, go=target)


def handler_targets(play: Play) -> Iterator[tuple[str, str]]:
    """(handler, scene) for each handler that leads somewhere."""
    anywhere = play.anywhere
    yield "withdrawn", anywhere.withdrawn.go
    for name in ("refusal", "off_topic", "second_person", "model_down", "unsafe", "dictation", "stage_down"):
        handler = getattr(anywhere, name)
        for target in (handler.then, handler.afterwards):
            if target not in ("", STAY, NEXT):
                yield name, target


def given(scene: Scene, way: str) -> Facts:
    """Facts that hold after leaving `scene` by `way`."""
    if scene.capture is not None and way == CAPTURED:
        return frozenset({scene.capture.what})
    return frozenset(scene.signals[way].gives) if way in scene.signals else frozenset()


def spine(play: Play, start: str | None = None) -> tuple[Scene, ...]:
    """Scenes from `start` (or the first) to the main coda, along the first exits that lead there; empty if none does."""
    by_id = {scene.id: scene for scene in play.scenes}
    start = start or play.scenes[0].id

    def walk(name: str, seen: tuple[str, ...]) -> tuple[Scene, ...]:
        if name not in by_id or name in seen:
            return ()
        scene = by_id[name]
        if name == play.coda:
            return (scene,)
        for way in scene.next:
            if rest := walk(way.go, (*seen, name)):
                return (scene, *rest)
        return ()

    return walk(start, ())


def lines_of_scene(scene: Scene) -> tuple[str, ...]:
    """Every line a scene may say, in the order it is likely to need them."""
    capture = scene.capture
    words = () if capture is None else (
        *capture.more, *(line for lines in capture.words.values() for line in lines),
        *((capture.without,) if capture.without else ()),
    )  # fmt: skip
    return tuple(dict.fromkeys((*scene.must_say, *scene.unclear, *scene.alone, *words, *scene.covers)))


def lines_anywhere(play: Play) -> tuple[str, ...]:
    """Every line of the handlers, fillers and nods."""
    anywhere = play.anywhere
    handlers = (
        anywhere.model_down, anywhere.refusal, anywhere.second_person, anywhere.dictation, anywhere.unsafe,
        anywhere.stage_down, anywhere.off_topic,
    )  # fmt: skip
    said = (*play.fillers, *play.nods, *anywhere.silence.say, *(line for handler in handlers for line in handler.say))
    return tuple(dict.fromkeys(said))
