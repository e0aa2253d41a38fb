"""Several mirrors on this machine: their names, and what each one's own a2f_bridge and faceswap are told. docs/scaling.md."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from shared.errors import ConfigError

BOUND = ("a2f_bridge", "faceswap")
"""The stages that a mirror has for itself: a face is one mirror's (docs/adr/0122-a-face-is-one-mirrors.md)."""
MOST = 16
"""What one session service and one Redis are good for."""

OfPairs = dict[str, dict[str, str]]
"""Kiosk -> dotted name of a setting -> its value, for this kiosk's pair alone."""


def kiosk_names(mirrors: int, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The kiosks of so many mirrors: those of `[session] kiosks`, or mirror-1, mirror-2 and so on; none for 0 mirrors.

    Raises:
        ConfigError: There are more or fewer names than mirrors, or a name cannot stand in an address and a file's name.
    """
    if not 0 <= mirrors <= MOST:
        raise ConfigError(
            f"mirrors: {mirrors}; 1 to {MOST} on one machine, more are houses of their own (docs/scaling.md)"
        )
    if not mirrors:
        return ()
    names = tuple(settings.get("session", {}).get("kiosks", ())) or tuple(f"mirror-{n + 1}" for n in range(mirrors))
    if len(set(names)) != mirrors:
        raise ConfigError(
            f"mirrors: {mirrors}, but [session] kiosks names {', '.join(names)}; as many names as mirrors"
        )
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise ConfigError(f"[session] kiosks: {name!r}: letters, digits, - and _, at most 40 of them")
    return names


def pairs(names: Sequence[str], sets: Mapping[str, Mapping[str, str]], *, is_private: bool) -> OfPairs:
    """Per kiosk: the environment variables in which its pair differs from all other services.

    Args:
        names: The kiosks; empty if nobody is bound.
        sets: What was `--set` for one kiosk: dotted name -> value.
        is_private: Also the first pair has a way of its own from face to virtual human; else it has the settings' one.

    Raises:
        ConfigError: A setting is of no kiosk, or of none of the two stages that a kiosk has for itself.
    """
    for kiosk, given in sets.items():
        for where in given:
            if kiosk not in names:
                raise ConfigError(
                    f"--set {kiosk}:{where}: no such mirror; there are {', '.join(names) or 'no named ones'}"
                )
            if where.partition(".")[0] not in BOUND:
                raise ConfigError(f"--set {kiosk}:{where}: a mirror has only {' and '.join(BOUND)} for itself")
    ways = live_links(len(names))
    if names and not is_private:
        ways[0] = {}
    return {
        name: {
            **way,
            **as_variables(sets.get(name, {})),
            "MIRROR_WORKER__KIOSKS": json.dumps([name]),
        }
        for name, way in zip(names, ways, strict=True)
    }


def as_variables(sets: Mapping[str, str]) -> dict[str, str]:
    """Dotted names of settings as the environment variables that overrule them."""
    return {f"MIRROR_{where.upper().replace('.', '__')}": value for where, value in sets.items()}


def live_links(count: int) -> list[dict[str, str]]:
    """Ways from a face to the built-in virtual human that nobody else uses."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{probe.getsockname()[1]}" for probe in probes]
    return [
        {
            "MIRROR_A2F_BRIDGE__LIVE_LINK": address,
            "MIRROR_FACESWAP__SOURCE_OPTIONS__STAND_IN__LIVE_LINK_LISTEN": address,
        }
        for address in addresses
    ]
