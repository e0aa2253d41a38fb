"""Redis as it stands on other people's machines: behind TLS with an access list, and as a cluster of three."""

import datetime as dt
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis.crc import key_slot

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


CLUSTER = "cluster-enabled yes\ncluster-node-timeout {timeout_ms}\nmasterauth {password}\nrepl-diskless-sync-delay 0\n"


class ClusterRedis:
    """Three servers that share the slots; the first `replicas` of them have a replica each, which takes over when one dies."""

    def __init__(self, folder: Path, *, timeout_ms: int = 2000, replicas: int = 0) -> None:
        """`timeout_ms`: a server that is silent for this long is taken for dead."""
        servers = [RedisServer(folder / f"redis{number}", _port()) for number in range(3 + replicas)]
        for server in servers:
            server.password = servers[0].password
            server.more = CLUSTER.format(timeout_ms=timeout_ms, password=server.password)
        self.servers, self.replicas = servers[:3], servers[3:]

    def start(self) -> None:
        everybody = [*self.servers, *self.replicas]
        for server in everybody:
            server.spawn()
        for server in everybody:
            server.wait_until_it_answers()
        with ExitStack() as stack:
            nodes = [stack.enter_context(redis.Redis.from_url(server.url)) for server in everybody]
            bounds = (0, 5461, 10923, 16384)
            for number, node in enumerate(nodes):
                node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                if number < 3:
                    node.execute_command("CLUSTER ADDSLOTS", *range(bounds[number], bounds[number + 1]))
                nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", everybody[number].port)
            for node in nodes:
                _until_whole(node, len(nodes))
            for primary, replica in zip(nodes, nodes[3:], strict=False):
                replica.execute_command("CLUSTER REPLICATE", primary.execute_command("CLUSTER MYID").decode())
            for number in range(len(self.replicas)):
                _until(partial(_is_followed, nodes[number], range(bounds[number], bounds[number + 1])))

    @property
    def url(self) -> str:
        return self.servers[0].url

    def clear(self) -> None:
        for server in self.servers:
            with redis.Redis.from_url(server.url) as node:
                node.flushall()

    def take_over(self, number: int) -> None:
        """What the cluster decides after `timeout_ms` when a server is dead, at once: its replica has its slots."""
        with redis.Redis.from_url(self.replicas[number].url) as replica:
            replica.execute_command("CLUSTER FAILOVER", "TAKEOVER")

    def stop(self) -> None:
        for server in (*self.servers, *self.replicas):
            server.kill()


def _until_whole(node: "redis.Redis", servers: int) -> None:
    def is_whole() -> bool:
        said = node.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call] # redis-py has no types for it
        whole = ("ok", "16384", str(servers))
        return (said["cluster_state"], said["cluster_slots_ok"], said["cluster_known_nodes"]) == whole

    _until(is_whole)


def _is_followed(primary: "redis.Redis", slots: range) -> bool:
    """Whether what is written arrives: a replica that calls its link up may for a second still get nothing."""
    name = next(name for name in map(str, range(999)) if key_slot(name.encode()) in slots)
    primary.set(name, "")
    primary.delete(name)
    return bool(primary.wait(1, 1000) == 1)


def _until(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > give_up_at:
            raise BusUnavailable("the cluster did not come up")
        time.sleep(0.02)


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
def cluster_redis(**wanted: int) -> Iterator[ClusterRedis]:
    """A running one, as wanted; skips where the server program knows no clusters."""
    with private_folder("test") as folder:
        cluster = ClusterRedis(folder, **wanted)
        try:
            try:
                cluster.start()
            except (BusUnavailable, redis.ResponseError) as error:
                pytest.skip(f"no Redis Cluster here: {error}")
            yield cluster
        finally:
            cluster.stop()
