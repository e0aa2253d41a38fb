"""Settings of the face: section [a2f_bridge]."""

from shared.engines import EngineChoice
from shared.errors import ConfigError


class BridgeConfig(EngineChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    engine: str = "embedded"
    live_link: str | tuple[str, ...] = "127.0.0.1:11111"
    """Where Unreal (or the built-in virtual human) listens for Live Link Face: host:port, or several; in one text with commas."""
    subject: str = "MirrorFace"
    """Name of the Live Link subject; `{session}` in it becomes the visit's id, for several mirrors on one Unreal."""
    av_offset_ms: float = 90.0
    """How long a pose takes from here to the glass: it is sent that much before its sound."""
    head_gain: float = 1.0
    """How much of the idle head movement goes out; 0 leaves the head to Unreal."""
    idle_hz: float = 30.0
    """Poses a second between visits, so that the subject stays live; 0: none."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.av_offset_ms <= 1000.0:
            raise ConfigError(f"[a2f_bridge] av_offset_ms = {self.av_offset_ms}: must be 0 to 1000")
        if not 0.0 <= self.idle_hz <= 60.0:
            raise ConfigError(f"[a2f_bridge] idle_hz = {self.idle_hz}: must be 0 to 60")
        self.destinations()

    def destinations(self) -> tuple[tuple[str, int], ...]:
        """Host and port of everybody who is to get every pose. Raises ConfigError."""
        listed = self.live_link.split(",") if isinstance(self.live_link, str) else self.live_link
        found = tuple(address(one.strip()) for one in listed)
        if not found:
            raise ConfigError("[a2f_bridge] live_link is empty: name where poses go, as 127.0.0.1:11111")
        for one in found:
            if found.count(one) > 1:
                raise ConfigError(
                    f"[a2f_bridge] live_link names {one[0]}:{one[1]} twice; it would get every pose twice"
                )
        return found


def address(text: str, setting: str = "live_link") -> tuple[str, int]:
    """Host and port of `host:port`, the value of a setting; an IPv6 host stands in brackets.

    Raises:
        ConfigError: It is not that.
    """
    host, _, port = text.rpartition(":")
    if not host.strip("[]") or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(f"[a2f_bridge] {setting} = {text!r}: must be host:port, as 127.0.0.1:11111")
    return host.strip("[]"), int(port)
