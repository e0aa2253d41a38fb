"""Which server a key is at: the one there is, or the one of a Redis Cluster that has the key's slot.

Whether it is a cluster is asked once, of the server in REDIS_URL: docs/adr/0121-a-cluster-is-found-not-configured.md.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import hiredis
import msgspec
from redis.crc import key_slot

from shared.errors import BusUnavailable
from shared.redis_errors import ours
from shared.redis_line import Address, Argument
from shared.redis_node import RedisNode
from shared.redis_scripts import Script

MAX_HOPS = 5
"""So often a command is sent on to another server; a slot moves once, not in circles."""

_Slots = list[tuple[int, int, RedisNode]]
"""First and last slot of each range, and who has it."""


class RedisServers:
    """Sends a command to the server of its key, follows where that one points, and speaks our errors."""

    def __init__(self, address: Address) -> None:
        self._first = RedisNode(address)
        self._nodes: dict[tuple[str, int], RedisNode] = {(address.host, address.port): self._first}
        self._slots: _Slots | None = None
        """None: one server has everything."""
        self._is_known = False
        self._looking = asyncio.Lock()

    async def call(self, name: str, *command: Argument) -> Any:
        """One command for the server of key `name`. Raises BusUnavailable."""
        if not self._is_known:
            await self._look()
        node = self._first if self._slots is None else self._of(name)
        try:
            line = await node.line()
            return await line.call(*command)
        except (hiredis.ReplyError, OSError) as error:
            return await self._elsewhere(error, node, command)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """One script on keys of one slot. A server that does not know it yet is told."""
        try:
            return await self.call(keys[0], "EVALSHA", script.sha, len(keys), *keys, *arguments)
        except BusUnavailable as error:
            if "NOSCRIPT" not in str(error):
                raise
            return await self.call(keys[0], "EVAL", script.body, len(keys), *keys, *arguments)

    async def read(self, name: str, command: tuple[Argument, ...]) -> Any:
        """One command that may block, for the server of key `name`. Raises BusUnavailable."""
        if not self._is_known:
            await self._look()
        node = self._first if self._slots is None else self._of(name)
        try:
            return await node.read(command)
        except (hiredis.ReplyError, OSError) as error:
            return await self._elsewhere(error, node, command)

    async def each(self, *command: Argument) -> list[tuple[RedisNode, Any]]:
        """One command for every server that has slots, and what each says. Raises BusUnavailable if one does not answer."""
        if not self._is_known:
            await self._look()
        nodes = [self._first] if self._slots is None else list(dict.fromkeys(node for _, _, node in self._slots))
        return [(node, await self.ask(node, *command)) for node in nodes]

    async def ask(self, node: RedisNode, *command: Argument) -> Any:
        """One command for this server and no other. Raises BusUnavailable."""
        try:
            return await (await node.line()).call(*command)
        except (hiredis.ReplyError, OSError) as error:
            self._is_known = self._slots is None
            raise ours(error, is_tls=node.address.tls is not None) from error

    async def together(self, names: Iterable[str]) -> list[list[str]]:
        """The keys in groups that one command may name: all, or those of one slot."""
        if not self._is_known:
            await self._look()
        if self._slots is None:
            return [list(names)]
        groups: dict[int, list[str]] = {}
        for name in names:
            groups.setdefault(key_slot(name.encode()), []).append(name)
        return list(groups.values())

    def close(self) -> None:
        """Hang up everywhere."""
        for node in self._nodes.values():
            node.close()

    # --- a cluster --------------------------------------------------------------------------------------------------

    def _of(self, name: str) -> RedisNode:
        slot = key_slot(name.encode())
        for first, last, node in self._slots or ():
            if first <= slot <= last:
                return node
        self._is_known = False
        raise BusUnavailable(
            f"Redis Cluster: no server has slot {slot}; is the cluster whole? (redis-cli --cluster check)"
        )

    async def _elsewhere(self, error: Exception, node: RedisNode, command: Sequence[Argument]) -> Any:
        """The reply from where a cluster's server sends us; any other error is the caller's."""
        for _ in range(MAX_HOPS):
            kind, _, where = str(error).partition(" ")
            if not isinstance(error, hiredis.ReplyError) or kind not in ("MOVED", "ASK"):
                self._is_known = self._slots is None  # a server that is gone may have been replaced: look again
                raise ours(error, is_tls=node.address.tls is not None) from error
            self._is_known = self._is_known and kind == "ASK"
            node = self._node(where.partition(" ")[2], node.address)
            try:
                line = await node.line()
                if kind == "ASK":  # the slot is on its way there: only this once
                    line.call("ASKING").add_done_callback(_forget)
                return await line.call(*command)
            except (hiredis.ReplyError, OSError) as next_error:
                error = next_error
        raise BusUnavailable("Redis Cluster: its servers send us in circles; is it being resharded?")

    def _node(self, where: str, asked: Address) -> RedisNode:
        """The server at `host:port`; no host means the one that was asked."""
        host, _, port = where.rpartition(":")
        place = (host or asked.host, int(port))
        if place not in self._nodes:
            self._nodes[place] = RedisNode(msgspec.structs.replace(asked, host=place[0], port=place[1]))
        return self._nodes[place]

    async def _look(self) -> None:
        """Learn whether this is a cluster, and then who has what; from any server that answers."""
        async with self._looking:
            if self._is_known:
                return
            error: Exception | None = None
            for node in list(self._nodes.values()):
                try:
                    self._slots = await self._slots_of(node)
                except (hiredis.ReplyError, OSError) as refused:
                    error = error or refused
                else:
                    self._is_known = True
                    return
        raise ours(error or OSError("no server"), is_tls=self._first.address.tls is not None)

    async def _slots_of(self, node: RedisNode) -> _Slots | None:
        line = await node.line()
        if b"cluster_enabled:1" not in await line.call("INFO", "cluster"):
            return None
        ranges = await line.call("CLUSTER", "SLOTS")
        return [
            (first, last, self._node(f"{(master[0] or b'').decode().replace('?', '')}:{master[1]}", node.address))
            for first, last, master, *_ in ranges
        ]


def _forget(reply: "asyncio.Future[Any]") -> None:
    """The reply to ASKING; if it is an error, the command behind it gets one too."""
    if not reply.cancelled():
        reply.exception()
