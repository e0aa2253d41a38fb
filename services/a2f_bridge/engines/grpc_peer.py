"""The edge to a gRPC peer: one channel, its certificates, its health, and its errors in our words."""

from pathlib import Path
from typing import Any

import grpc
import msgspec

from services.a2f_bridge.config import address as host_and_port
from services.a2f_bridge.engines.protos import CHECK_HEALTH
from shared.errors import ConfigError, EngineUnavailable

_CHANNEL = (
    ("grpc.max_receive_message_length", 16 * 2**20),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),  # as it comes, a peer that is back would be refused for up to two minutes
    ("grpc.use_local_subchannel_pool", 1),  # a new channel is a new connection, not the dead one of the old channel
    ("grpc.enable_http_proxy", 0),  # the peer stands in the same room; a proxy of the house would swallow the stream
)
_SERVING = 1


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How a peer is reached. Base of the options of every engine that has one."""

    address: str
    """host:port of its gRPC service."""
    tls: bool = False
    root_certificate: str = ""
    """PEM file of who signed the peer's certificate; empty: those this machine trusts."""
    client_certificate: str = ""
    client_key: str = ""
    """PEM files by which we show who we are, where the peer asks (mTLS)."""
    server_name: str = ""
    """Name in the peer's certificate, if it is not the host of `address`."""

    def __post_init__(self) -> None:
        host_and_port(self.address, "address")
        if bool(self.client_certificate) != bool(self.client_key):
            raise ConfigError("client_certificate and client_key belong together; set both or none")


def open_channel(connection: Connection) -> Any:
    """A channel that connects when it is first used. Call inside a running loop. Raises EngineUnavailable: a certificate is not there."""
    options: list[tuple[str, Any]] = list(_CHANNEL)
    if connection.server_name:
        options.append(("grpc.ssl_target_name_override", connection.server_name))
    if not connection.tls:
        return grpc.aio.insecure_channel(connection.address, options)
    credentials = grpc.ssl_channel_credentials(
        _pem(connection.root_certificate), _pem(connection.client_key), _pem(connection.client_certificate)
    )
    return grpc.aio.secure_channel(connection.address, credentials, options)


def _pem(path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise EngineUnavailable(f"a2f_bridge: cannot read the certificate {path}: {error.strerror or error}") from error


async def check_health(channel: Any, patience_s: float) -> None:
    """Ask the usual health service; a peer that has none is taken at its word later. Raises AioRpcError, EngineUnavailable."""
    ask = channel.unary_unary(
        CHECK_HEALTH.path, CHECK_HEALTH.request.SerializeToString, CHECK_HEALTH.response.FromString
    )
    try:
        answer = await ask(CHECK_HEALTH.request(), timeout=patience_s)
    except grpc.aio.AioRpcError as error:
        if error.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND):
            return
        raise
    if answer.status != _SERVING:
        raise EngineUnavailable("it is up but not serving yet; a first start may build its engines for minutes")


def said(error: Exception) -> str:
    """A transport error in a few words."""
    if isinstance(error, grpc.aio.AioRpcError):
        details = str(error.details() or "no details")
        if details.startswith("failed to connect"):  # followed by every address and every layer that said so
            details = f"nobody answers there ({details.rpartition(': ')[2]})"
        return f"{error.code().name}: {details}"
    return str(error) or type(error).__name__
