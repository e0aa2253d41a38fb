"""The engines of the llm stage, by the word that names them in the settings."""

from services.llm.chat_model import ChatModel
from shared.engines import Engines

ENGINES: Engines[ChatModel] = Engines(
    "llm",
    {
        "improviser": "services.llm.engines.improviser",
        "gemini": "services.llm.engines.gemini",
        "openai_compatible": "services.llm.engines.openai_compatible",
        "hedge": "services.llm.engines.hedge",
        "fallback": "services.llm.engines.fallback",
        "scripted": "services.llm.engines.scripted",
    },
)
