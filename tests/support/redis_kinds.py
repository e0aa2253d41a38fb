"""Redis as it stands on other people's machines: behind TLS with an access list, and as a cluster of three."""

import datetime as dt
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from rig.service import ROOT
from shared.errors import BusUnavailable

ACL = ROOT / "deploy" / "redis" / "users.acl"
PATIENCE_S = 20.0


class Certificate:
    """A key pair, signed by itself or by another, as PEM files in a folder."""

    def __init__(self, folder: Path, name: str, issuer: "Certificate | None" = None) -> None:
        self.pem, self.key_pem = folder / f"{name}.pem", folder / f"{name}.key"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name if issuer else self.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(_usage(is_ca=issuer is None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer or self).key.public_key()), critical=False
            )
        )
        if issuer:
            here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(here, critical=False)
        signed = builder.sign((issuer or self).key, hashes.SHA256())
        self.pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        self.key_pem.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_ca, crl_sign=is_ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


class GuardedRedis(RedisServer):
    """TLS only, a client certificate wanted, and nobody but the user of `deploy/redis/users.acl`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.ca = Certificate(folder, "ca")
        self.ours = Certificate(folder, "ours", self.ca)
        self.stranger = Certificate(folder, "stranger")
        users = folder / "users.acl"
        admin = f"user admin on >{self.password} +acl +script\n"
        users.write_text(ACL.read_text().replace("PASSWORD", self.password) + admin)
        server = Certificate(folder, "server", self.ca)
        self.more = (
            f"port 0\ntls-port {self.port}\ntls-cert-file {server.pem}\ntls-key-file {server.key_pem}\n"
            f"tls-ca-cert-file {self.ca.pem}\ntls-auth-clients yes\naclfile {users}\n"
        )

    @property
    def url(self) -> str:
        return self.url_with(ca=self.ca, ours=self.ours)

    def set_user(self, name: str, *rules: str) -> None:
        """Let one more user in."""
        with redis.Redis.from_url(self.url_with(ca=self.ca, ours=self.ours, user="admin")) as client:
            client.execute_command("ACL SETUSER", name, "reset", *rules)
            client.script_flush()  # whoever comes first has to bring the scripts along

    def url_with(self, *, ca: Certificate | None, ours: Certificate | None, user: str = "mirror") -> str:
        query = [f"ssl_ca_certs={ca.pem}"] if ca else []
        query += [f"ssl_certfile={ours.pem}&ssl_keyfile={ours.key_pem}"] if ours else []
        return f"rediss://{user}:{self.password}@127.0.0.1:{self.port}/0?{'&'.join(query)}"


@contextmanager
def guarded_redis() -> Iterator[GuardedRedis]:
    """A running one; skips where the server program speaks no TLS."""
    with private_folder("test") as folder:
        server = GuardedRedis(folder / "redis")
        try:
            server.start()
        except BusUnavailable as error:
            pytest.skip(f"no Redis with TLS here: {error}")
        try:
            yield server
        finally:
            server.stop()


class ClusterRedis:
    """Three servers that share the slots."""

    def __init__(self, folder: Path) -> None:
        self.servers = [RedisServer(folder / f"redis{number}", _port()) for number in range(3)]
        for server in self.servers:
            server.password = self.servers[0].password
            server.more = "cluster-enabled yes\ncluster-node-timeout 2000\n"

    def start(self) -> None:
        for server in self.servers:
            server.start()
        with ExitStack() as stack:
            nodes = [stack.enter_context(redis.Redis.from_url(server.url)) for server in self.servers]
            bounds = (0, 5461, 10923, 16384)
            for number, node in enumerate(nodes):
                node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                node.execute_command("CLUSTER ADDSLOTS", *range(bounds[number], bounds[number + 1]))
                nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", self.servers[number].port)
            for node in nodes:
                _until_whole(node)

    @property
    def url(self) -> str:
        return self.servers[0].url

    def clear(self) -> None:
        for server in self.servers:
            with redis.Redis.from_url(server.url) as node:
                node.flushall()

    def stop(self) -> None:
        for server in self.servers:
            server.kill()


def _until_whole(node: "redis.Redis") -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        said = node.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call] # redis-py has no types for it
        if (said["cluster_state"], said["cluster_slots_ok"], said["cluster_known_nodes"]) == ("ok", "16384", "3"):
            return
        time.sleep(0.05)
    raise BusUnavailable(f"the cluster did not come up: {said}")


def _port() -> int:
    """One whose cluster port, 10,000 above it, is free too."""
    for port in range(21_000 + (time.monotonic_ns() // 1000) % 9_000, 40_000):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
    raise BusUnavailable("no free port")


@contextmanager
def cluster_redis() -> Iterator[ClusterRedis]:
    """A running one; skips where the server program knows no clusters."""
    with private_folder("test") as folder:
        cluster = ClusterRedis(folder)
        try:
            try:
                cluster.start()
            except (BusUnavailable, redis.ResponseError) as error:
                pytest.skip(f"no Redis Cluster here: {error}")
            yield cluster
        finally:
            cluster.stop()
