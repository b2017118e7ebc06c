"""What is measured, against whom, and which ratio is asked for."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "ours"
REDIS = "redis"
REDIS_WAIT = "redis-wait"
ETCD = "etcd"
SENTINEL = "sentinel"
REDISRAFT = "redisraft"

# For Target: the smaller value is the better one; floor and goal are asked of our value alone.
LESS = True
ALONE = True


@dataclass(frozen=True)
class Measure:
    """One load of the grid, put on each system in turn."""
    name: str
    title: str
    arguments: tuple[str, ...]
    systems: tuple[str, ...]  # in this order, ours next to its closest peers


@dataclass(frozen=True)
class Target:
    """One row of the table."""
    measure: str
    title: str
    field: str        # of what was measured; report.UNITS says how it reads
    peer: str
    peer_title: str
    floor: float
    goal: float
    less_is_better: bool = False
    absolute: bool = False  # floor and goal are asked of our value alone, not of the ratio


def _load(clients: int, pipeline: int = 1, reads: int = 0) -> tuple[str, ...]:
    return ("--clients", str(clients), "--pipeline", str(pipeline), "--reads", str(reads))


GRID = (
    Measure("set-1", "SET, 1 client", _load(1), (OURS, ETCD)),
    Measure("set-50", "SET, 50 clients", _load(50), (ETCD, REDIS, OURS, REDIS_WAIT)),
    Measure("set-256", "SET, 256 clients", _load(256), (ETCD, OURS, REDIS)),
    Measure("set-50-p16", "SET, 50 clients, pipeline 16", _load(50, 16),
            (REDIS, OURS, REDIS_WAIT)),
    Measure("get-50", "GET, 50 clients", _load(50, 1, 100), (OURS, REDIS)),
    Measure("get-50-p16", "GET, 50 clients, pipeline 16", _load(50, 16, 100), (OURS, REDIS)),
)

# Not in Debian, so not run here: medians of figures taken once on a machine like the one that the
# goals were set on (2 cores, three nodes, fsync on, RedisRaft ade4aa8 on Redis 7.2.6).
FIGURES: dict[tuple[str, str], dict[str, float]] = {
    ("set-50", REDISRAFT): {"rate": 21_000.0},
    ("set-256", REDISRAFT): {"rate": 37_000.0},
}
FIGURES_NOTE = "RedisRaft: not run here; figures measured on a like machine."

_ALWAYS = "Redis, fsync always"
_WAIT = "Redis, fsync always, WAIT 1"
_RAFT = "RedisRaft (figure)"

TARGETS = (
    Target("set-1", "SET p50, 1 client", "p50_us", ETCD, "etcd", 0.5, 0.3, LESS),
    Target("set-50", "SET/s, 50 clients", "rate", REDIS, _ALWAYS, 0.7, 1.2),
    Target("set-256", "SET/s, 256 clients", "rate", REDIS, _ALWAYS, 0.6, 1.0),
    Target("set-50-p16", "SET/s, 50 clients, pipeline 16", "rate", REDIS, _ALWAYS, 0.6, 1.0),
    Target("set-50", "SET/s, 50 clients", "rate", REDIS_WAIT, _WAIT, 1.3, 2.2),
    Target("set-50-p16", "SET/s, 50 clients, pipeline 16", "rate", REDIS_WAIT, _WAIT, 1.3, 2.2),
    Target("set-50", "SET/s, 50 clients", "rate", ETCD, "etcd", 4, 8),
    Target("set-256", "SET/s, 256 clients", "rate", ETCD, "etcd", 4, 8),
    Target("set-50", "SET/s, 50 clients", "rate", REDISRAFT, _RAFT, 1.2, 2),
    Target("set-256", "SET/s, 256 clients", "rate", REDISRAFT, _RAFT, 1.2, 2),
    Target("get-50", "GET/s, 50 clients", "rate", REDIS, "Redis GET", 0.7, 0.95),
    Target("get-50-p16", "GET/s, 50 clients, pipeline 16", "rate", REDIS, "Redis GET", 0.8, 1.1),
    Target("failover", "failover, kill -9", "gap_seconds", ETCD, "etcd", 1.0, 0.5, LESS, ALONE),
    Target("failover", "failover, kill -9", "gap_seconds", SENTINEL, "Redis Sentinel, 1 s",
           1.0, 0.5, LESS, ALONE),
    Target("cold-start", "cold start to first write", "seconds", ETCD, "etcd", 0.6, 0.2, LESS,
           ALONE),
    Target("memory", "memory per key", "bytes_per_key", REDIS, "Redis, one node", 0.75, 0.6, LESS),
    Target("restart", "restart with all keys", "seconds", REDIS, "Redis, RDB", 1.2, 0.5, LESS),
    Target("set-50", "SET p99.9 / p50, 50 clients", "tail", REDIS, _ALWAYS, 12, 6, LESS, ALONE),
)

# In the order in which they run. `memory` and `restart` share one loading of the keys.
SECTIONS = tuple(measure.name for measure in GRID) + ("failover", "cold-start", "memory", "restart")
