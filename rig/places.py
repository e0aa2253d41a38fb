"""Where files are fetched from: the manifest's addresses, another hub, or a copy of another rig's models/. Pure."""

from collections.abc import Mapping

import msgspec

from rig.manifest import File, Hub, Source, Url, Zip
from shared.errors import ConfigError

HUB = "https://huggingface.co"


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """As the environment says."""

    hub: str = HUB
    """MIRROR_HUB: any server with a hub's paths, <repository>/resolve/<revision>/<file>."""
    mirror: str = ""
    """MIRROR_MODELS_FROM: an address or a folder with the files as they lie in models/; then nothing else is asked."""
    token: str = msgspec.field(default="")
    """HF_TOKEN, for repositories that ask who reads them; sent to the hub alone."""

    def address(self, source: Source, file: File, locked_origin: str = "") -> str:
        """URL of a file, or its path in a folder.

        Raises:
            ConfigError: It is no file that is fetched by itself.
        """
        if self.mirror:
            return f"{self.mirror.rstrip('/')}/{file.path}"
        match source:
            case Url():
                return source.url
            case Hub():
                revision = locked_origin.rpartition("@")[2] if "@" in locked_origin else source.revision
                return f"{self.hub.rstrip('/')}/{source.repo}/resolve/{revision}/{file.inside}"
        raise ConfigError(f"models: {file.path} comes out of an archive or package, not by itself")

    def token_for(self, source: Source) -> str:
        """What may be shown to the host of that source."""
        return self.token if isinstance(source, Hub) and not self.mirror else ""

    def origin(self, source: Source, file: File, commit: str) -> str:
        """What the lock says of where a file came from; never an address of this house."""
        if self.mirror:
            return "a mirror"
        match source:
            case Hub():
                return f"{source.repo}@{commit or source.revision}"
            case Url() | Zip():
                return source.url
        return file.path


def places_from(environ: Mapping[str, str]) -> Places:
    """As this environment says."""
    return Places(
        hub=environ.get("MIRROR_HUB", "") or HUB,
        mirror=environ.get("MIRROR_MODELS_FROM", ""),
        token=environ.get("HF_TOKEN", ""),
    )
