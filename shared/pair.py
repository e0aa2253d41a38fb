"""Two engines as one: how the settings name them, the same everywhere: `order = ["f5", "piper"]`, the preferred first."""

from collections.abc import Mapping
from typing import Any

from shared.errors import ConfigError

PAIRS = ("fallback", "hedge", "understudy")
"""Engines that wrap two others of their own table. Their `Options` have an `order`."""
RETIRED = ("first", "second", "then")
"""What the two were called before, at one stage or another."""


def with_order(given: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """The options as they can be converted: an order in one text, as `--set` and the environment may bring it, taken apart.

    Args:
        given: The options of a pair as set, with or without an order.
        name: The engine that wraps.
        where: Its table in the settings, for the message.

    Raises:
        ConfigError: An old name, or not two engines other than itself.
    """
    if old := [key for key in RETIRED if key in given]:
        raise ConfigError(f"[{where}] {' and '.join(old)} became order: write order = {_example(given)}")
    if "order" not in given:
        return dict(given)
    order = given["order"]
    listed = order.split(",") if isinstance(order, str) else order
    names = [str(one).strip() for one in listed] if isinstance(listed, list | tuple) else []
    if len(names) != 2 or names[0] == names[1] or name in names or not all(names):
        raise ConfigError(
            f"[{where}] order = {order!r}: must name two engines, the preferred first, and not {name} itself"
        )
    return {**given, "order": names}


def _example(given: Mapping[str, Any]) -> str:
    return f'["{given.get("first", "...")}", "{given.get("second", given.get("then", "..."))}"]'
