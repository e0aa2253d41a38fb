"""Who takes how much of the card, planned, held against what it has. Pure."""

from collections.abc import Mapping

import msgspec

from rig.checks.ground import STAGES, Ground
from rig.rig_config import RigConfig
from shared.checkup import Finding

PLANNED_GB = {
    "faster_whisper": 2.6,  # large-v3-turbo or distil-large-v3.5 in fp16: 1.6 of weights, the rest for one encode
    "f5": 2.0,  # 0.7 of weights in fp16, context, graphs per length
    "audio2face": 4.0,  # what NVIDIA asks for its regression models
    "omniverse": 6.0,  # the whole application; nobody has measured it for us
    "inswapper": 2.0,  # 0.6 of weights in fp32, detector, arena
    "openai_compatible": 6.0,  # Gemma 4 E4B in four bits with its context: 5.0 to 5.6
}
"""Gigabytes of an engine at work, from published figures and sizes of weights; `mirror doctor` measures beside it."""
PEERS = ("audio2face", "omniverse", "openai_compatible")
"""Engines that take a share of this card only if their peer runs here."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU, as its driver tells."""

    name: str
    driver: str
    cuda: tuple[int, int]
    """The newest CUDA that the driver can run."""
    total_gb: float
    used_gb: float
    load_percent: float = 0.0


def shares(ground: Ground, config: RigConfig) -> dict[str, float]:
    """Gigabytes by who takes them; whoever takes none is not named."""
    asked = {
        f"{stage} ({engine})": PLANNED_GB.get(engine, 0.0)
        for stage in STAGES
        for engine in ground.engines(stage)
        if engine in ground.on_card(stage) or (engine in PEERS and ground.is_local(stage, engine))
    }
    own = {name: size for name, size in asked.items() if size}
    others = {"Unreal": config.unreal_vram_gb, "desktop and kiosk": config.desktop_vram_gb}
    return own | {name: size for name, size in others.items() if size}


def budget(card: Card, planned: Mapping[str, float], config: RigConfig) -> Finding:
    """Does it all fit?"""
    total = sum(planned.values())
    parts = ", ".join(f"{name} {size:.1f}" for name, size in planned.items())
    figures = {"planned_gb": round(total, 1), "total_gb": round(card.total_gb, 1)}
    cure = ""
    if total > card.total_gb:
        cure = (
            "it does not fit, and a full card crawls: take the local language model out (llm.engine = gemini), choose "
            "small.en for asr, or render elsewhere; correct [rig] unreal_vram_gb if yours takes less"
        )
    elif total + config.spare_vram_gb > card.total_gb:
        cure = "it fits with little to spare: measure Unreal's share (nvidia-smi) and correct [rig] unreal_vram_gb"
    return Finding(
        check="VRAM budget",
        state="wrong" if total > card.total_gb else "missing" if cure else "right",
        found=f"{total:.1f} of {card.total_gb:.1f} GB planned: {parts}",
        cure=cure,
        figures=figures,
    )


def now_free(card: Card, planned: Mapping[str, float]) -> Finding:
    """Is there room at this moment for our own share?"""
    own = sum(size for name, size in planned.items() if "(" in name)
    free = card.total_gb - card.used_gb
    cure = "" if own <= free else "close what else uses the card (nvidia-smi names it), or a mirror that runs already"
    return Finding(
        check="VRAM now",
        state="missing" if cure else "right",
        found=f"{free:.1f} of {card.total_gb:.1f} GB free, our engines need {own:.1f}; card busy {card.load_percent:.0f} %",
        cure=cure,
        figures={"free_gb": round(free, 2), "load_percent": card.load_percent},
    )


def measured(stage: str, taken_gb: float, planned_gb: float) -> Finding:
    """What one stage really took while it was tried alone."""
    is_more = taken_gb > planned_gb * 1.25 + 0.2
    cure = "more than planned: see that the sum still fits, or choose a smaller model" if is_more else ""
    return Finding(
        check=f"VRAM of {stage}",
        state="missing" if is_more else "right",
        found=f"{taken_gb:.1f} GB at most, {planned_gb:.1f} planned",
        cure=cure,
        figures={"vram_gb": round(taken_gb, 2)},
    )
