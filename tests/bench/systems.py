"""The systems under comparison: three nodes each, started in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import clients
from clients import HOST
from processes import BenchError, Node, free_ports, wait_until

NAMES = ("node1", "node2", "node3")


class System:
    """Processes that together serve one set of keys. Starts on entry, is killed on exit."""

    protocol = ""

    def __init__(self, folder: Path):
        self.folder = folder
        self.nodes: list[Node] = []
        self.ports: list[int] = []

    def __enter__(self) -> "System":
        try:
            self.start()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()

    def wait_until_ready(self) -> None:
        wait_until(self._checked_ready, f"{type(self).__name__}: start in {self.folder}")

    def _checked_ready(self) -> bool:
        for node in self.nodes:
            if not node.running():
                tail = node.log.read_text(errors="replace").strip().splitlines()[-3:]
                raise BenchError(f"{node.command[0]} ended by itself: {' / '.join(tail)}")
        return self.ready()

    def ready(self) -> bool:
        """All nodes are there and a write would be taken."""
        raise NotImplementedError

    def primary(self) -> int | None:
        """Position of the node that takes writes now."""
        raise NotImplementedError

    def write_once(self) -> bool:
        """One attempt at one write."""
        raise NotImplementedError

    def server_arguments(self) -> list[str]:
        """kvload's arguments that lead it to the primary."""
        primary = wait_until(lambda: self._primary_port(), f"{type(self).__name__}: a primary")
        return ["--protocol", self.protocol, "--address", f"{HOST}:{primary}"]

    def failover_arguments(self) -> list[str]:
        return ["--protocol", self.protocol, "--cluster", self.member_list()]

    def member_list(self) -> str:
        return ",".join(f"{name}={HOST}:{port}" for name, port in zip(NAMES, self.ports))

    def _primary_port(self) -> int | None:
        primary = self.primary()
        return None if primary is None else self.ports[primary]

    def cpu_seconds(self) -> float:
        return sum(node.cpu_seconds() for node in self.nodes)


class Ours(System):
    """Three kvnodes."""

    protocol = "redis"

    def __init__(self, folder: Path, programs: Path):
        super().__init__(folder)
        self.ports = free_ports(len(NAMES))
        for name, port in zip(NAMES, self.ports):
            home = folder / name
            command = [str(programs / "kvnode"), "--node-id", name, "--host", HOST,
                       "--port", str(port), "--cluster", self.member_list(),
                       "--data-dir", str(home / "data"), "--timing", "lan"]
            self.nodes.append(Node(command + (["--primary"] if name == NAMES[0] else []), home))

    def status(self, position: int) -> dict[str, Any]:
        return clients.ask_line(self.ports[position], "STATUS")

    def primary(self) -> int | None:
        for i in range(len(NAMES)):
            status = self.status(i)
            if status.get("role") == "primary" and status.get("serving"):
                return i
        return None

    def ready(self) -> bool:
        """A primary serves, reaches both others, and they know it."""
        primary = self.primary()
        if primary is None:
            return False
        peers = self.status(primary).get("peers", [])
        return len(peers) == 2 and all(peer.get("reachable") for peer in peers) and all(
            self.status(i).get("primary") == NAMES[primary] for i in range(len(NAMES)))

    def write_once(self) -> bool:
        for port in self.ports:
            if clients.ask_line(port, "SET cold start").get("status") == "OK":
                return True
        return False


class Redis(System):
    """A primary and two replicas, all with an append-only file that is synced before each reply."""

    protocol = "redis"
    settings = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]

    def __init__(self, folder: Path, replicas: int = 2):
        super().__init__(folder)
        self.ports = free_ports(1 + replicas)
        for name, port in zip(NAMES, self.ports):
            command = ["redis-server", "--port", str(port), "--bind", HOST,
                       "--dir", str(folder / name), "--repl-diskless-sync-delay", "0",
                       *self.settings]
            if port != self.ports[0]:
                command += ["--replicaof", HOST, str(self.ports[0])]
            self.nodes.append(Node(command, folder / name))

    def primary(self) -> int | None:
        for i, port in enumerate(self.ports):
            if "role:master" in clients.ask_redis(port, "INFO", "replication"):
                return i
        return None

    def ready(self) -> bool:
        replication = clients.ask_redis(self.ports[0], "INFO", "replication")
        return "role:master" in replication and (
            replication.count("state=online") == len(self.nodes) - 1)

    def write_once(self) -> bool:
        return clients.ask_redis(self.ports[0], "SET", "cold", "start") == "+OK"


class SingleRedis(Redis):
    """One node that keeps nothing on disk unless asked to SAVE."""

    settings = ["--appendonly", "no", "--save", ""]

    def __init__(self, folder: Path):
        super().__init__(folder, replicas=0)


class SentinelRedis(Redis):
    """The replicated Redis with three Sentinels; down after a second, not the default thirty."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.sentinel_ports = free_ports(len(NAMES))
        for name, port in zip(NAMES, self.sentinel_ports):
            home = folder / f"sentinel-{name}"
            home.mkdir(parents=True, exist_ok=True)
            configuration = home / "sentinel.conf"
            configuration.write_text(
                f"port {port}\nbind {HOST}\ndir {home}\n"
                f"sentinel monitor mymaster {HOST} {self.ports[0]} 2\n"
                "sentinel down-after-milliseconds mymaster 1000\n"
                "sentinel failover-timeout mymaster 5000\n")
            self.nodes.append(Node(["redis-server", str(configuration), "--sentinel"], home))

    def ready(self) -> bool:
        replication = clients.ask_redis(self.ports[0], "INFO", "replication")
        return replication.count("state=online") == 2 and all(
            self._knows_all(port) for port in self.sentinel_ports)

    def _knows_all(self, port: int) -> bool:
        known = clients.ask_redis(port, "INFO", "sentinel")
        return "slaves=2,sentinels=3" in known and "status=ok" in known

    def failover_arguments(self) -> list[str]:
        sentinels = ",".join(f"{n}={HOST}:{p}" for n, p in zip(NAMES, self.sentinel_ports))
        return super().failover_arguments() + ["--sentinels", sentinels]


class Etcd(System):
    """Three etcd nodes with etcd's defaults."""

    protocol = "etcd"

    def __init__(self, folder: Path):
        super().__init__(folder)
        ports = free_ports(2 * len(NAMES))
        self.ports, peer_ports = ports[:len(NAMES)], ports[len(NAMES):]
        peers = ",".join(f"{n}=http://{HOST}:{p}" for n, p in zip(NAMES, peer_ports))
        for name, port, peer_port in zip(NAMES, self.ports, peer_ports):
            client, peer = f"http://{HOST}:{port}", f"http://{HOST}:{peer_port}"
            command = ["etcd", "--name", name, "--data-dir", str(folder / name / "data"),
                       "--listen-client-urls", client, "--advertise-client-urls", client,
                       "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                       "--initial-cluster", peers, "--initial-cluster-state", "new",
                       "--initial-cluster-token", folder.name, "--log-level", "error"]
            self.nodes.append(Node(command, folder / name))

    def _leader_and_id(self, port: int) -> tuple[str, str]:
        status = clients.ask_etcd(port, "maintenance/status", {})
        return str(status.get("leader", "")), str(status.get("header", {}).get("member_id", ""))

    def primary(self) -> int | None:
        for i, port in enumerate(self.ports):
            leader, own = self._leader_and_id(port)
            if leader and leader == own:
                return i
        return None

    def ready(self) -> bool:
        leaders = {self._leader_and_id(port)[0] for port in self.ports}
        return len(leaders) == 1 and leaders.isdisjoint({"", "0"}) and self.write_once()

    def write_once(self) -> bool:
        body = {"key": clients.base64_text("cold"), "value": clients.base64_text("start")}
        return bool(clients.ask_etcd(self.ports[0], "kv/put", body))
