"""The embedded engine: the improviser, which needs nothing but the repertoire beside it."""

import re
import tomllib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec

from services.llm.chat_model import About, ChatModel, Delta, Ended, Piece, Prompt
from services.llm.improvise import Repertoire, ears, improvise
from shared.errors import EngineFailed, EngineUnavailable
from shared.events import ScenePrompt

REPERTOIRE = Path(__file__).parent.parent / "repertoire"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where its lines are."""

    repertoire: str = ""
    """Folder with one TOML file a language; empty: the one that comes with the mirror."""


class Improviser:
    """Gives a whole reply at once."""

    fallbacks = 0
    trouble = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._repertoires: dict[str, Repertoire] = {}

    @property
    def about(self) -> About:
        """Deterministic: the seed is all its chance."""
        languages = tuple(sorted(self._repertoires))
        return About(name="improviser", is_deterministic=True, languages=languages, is_authored=True)

    async def warm_up(self) -> None:
        """Read the lines and reply once in every language; raises EngineUnavailable if a file is missing or wrong."""
        self._repertoires = {path.stem: _read(path) for path in sorted(self._folder.glob("*.toml"))}
        if not self._repertoires:
            raise EngineUnavailable(f"improviser: no lines in {self._folder}; see [llm.options.improviser] repertoire")
        scene = ScenePrompt(scene="warm", goal="", persona="")
        for language in self._repertoires:
            prompt = Prompt(
                system="", messages=(), said="I am here, and afraid of the dark.", language=language, scene=scene
            )
            _ = [piece async for piece in self.stream(prompt)]

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The reply in one piece. Raises EngineFailed for a language without lines."""
        repertoire = self._repertoires.get(prompt.language)
        if repertoire is None:
            known = ", ".join(self._repertoires) or "none: not warm yet"
            raise EngineFailed(f"improviser: no lines in language {prompt.language!r}; there are {known}")
        text = improvise(prompt, repertoire)
        if text:
            yield Delta(text=text)
        yield Ended(ending="stop" if text else "empty", engine="improviser")

    async def close(self) -> None:
        """Nothing to let go of."""


def _read(path: Path) -> Repertoire:
    try:
        repertoire = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Repertoire)
        for act in repertoire.acts.values():
            ears(act.hears)
    except (re.error, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise EngineUnavailable(f"improviser: {path}: {error}") from error
    return repertoire


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> Improviser:
    """The engine; `warm_up` reads its lines."""
    return Improviser(Path(options.repertoire) if options.repertoire else REPERTOIRE)
