"""Every table of engines, and the pairs in it."""

from typing import Any

from services.a2f_bridge.engines import ENGINES as FACE
from services.asr.engines import ENGINES as ASR
from services.faceswap.engines import ENGINES as SWAP
from services.faceswap.sources import SOURCES
from services.llm.engines import ENGINES as LLM
from services.tts.engines import ENGINES as TTS
from shared.engines import Engines
from shared.pair import PAIRS

TABLES: list[tuple[Engines[Any], str]] = [
    (table, name) for table in (ASR, LLM, TTS, FACE, SWAP, SOURCES) for name in table.table if name in PAIRS
]
