"""The engines of the llm stage, by the word that names them in the settings."""

from services.llm.chat_model import ChatModel
from shared.engines import Engines

ENGINES: Engines[ChatModel] = Engines(
    "llm",
    {
        "improviser": "services.llm.engines.improviser",
        "fallback": "services.llm.engines.fallback",
        "scripted": "services.llm.engines.scripted",
    },
)
