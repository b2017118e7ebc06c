"""What happens once: a failover, a cold start, a million keys in memory, a restart with them."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Callable

import clients
from bench_run import Bench, Sample, answer_of, started
from processes import Node, wait_until
from systems import Ours, System
from targets import ETCD, OURS, REDIS, SENTINEL

# Long enough for a failover and some writes after it.
WRITER_SECONDS = {OURS: 3, ETCD: 5, SENTINEL: 6}
START_SECONDS = {OURS: 1.0, ETCD: 2.5, SENTINEL: 4.0}
COLD_SECONDS = {OURS: 0.5, ETCD: 2.0}
FILL_RATE = 150_000.0  # keys a second, for the estimate
# Our nodes give back what a burst left in memory after a few seconds; so the peers get them, too.
SETTLE_SECONDS = 8.0


@dataclass(frozen=True)
class Lifecycle:
    """The parts of this module that were asked for, on the systems that are there."""
    bench: Bench

    def estimate(self) -> float:
        only, options = self.bench.options.only, self.bench.options
        total = 0.0
        if "failover" in only:
            total += sum(self._kills(name) * self._failover_seconds(name)
                         for name in WRITER_SECONDS if self.bench.has(name))
        if "cold-start" in only:
            total += options.rounds * sum(seconds for name, seconds in COLD_SECONDS.items()
                                          if self.bench.has(name))
        if only & {"memory", "restart"}:
            total += 2 * self._fill_seconds() + 4.0
        if "restart" in only:
            total += options.rounds * self._restart_seconds() * 2
        return total

    def run(self) -> None:
        only = self.bench.options.only
        if "failover" in only:
            self._measure_failovers()
        if "cold-start" in only:
            self._measure_cold_starts()
        if only & {"memory", "restart"}:
            self._measure_many_keys()

    # Failover

    def _kills(self, name: str) -> int:
        kills = self.bench.options.kills
        return kills if name == OURS else max(1, kills // 2)

    def _failover_seconds(self, name: str) -> float:
        return WRITER_SECONDS[name] + START_SECONDS[name] + 1.0

    def _measure_failovers(self) -> None:
        for number in range(self.bench.options.kills):
            for name in WRITER_SECONDS:
                if self.bench.has(name) and number < self._kills(name):
                    self.bench.progress.step(
                        f"failover {number + 1} of {self._kills(name)}: {name}",
                        self._failover_seconds(name))
                    self.bench.results.add("failover", name, self._failover(name))

    def _failover(self, name: str) -> Sample:
        """A new cluster each time: every kill meets the same state."""
        with self.bench.system(name) as system:
            primary = wait_until(lambda: _one_based(system.primary()), f"{name}: a primary")
            command = self.bench.kvload(*system.failover_arguments(), "--failover",
                                        "--seconds", str(WRITER_SECONDS[name]))
            writer = started(command)
            try:
                # At no fixed distance from the last heartbeat.
                time.sleep(random.uniform(0.8, 1.2))
                system.nodes[primary - 1].kill()
                answer = answer_of(writer, 60.0)
            finally:
                writer.kill()
        if not answer["recovered"] or not answer["verified"]:
            self.bench.results.remarks.append(
                f"A failover of {name} did not come to its end within {WRITER_SECONDS[name]} s.")
        return {key: float(value) for key, value in answer.items()}

    # Cold start

    def _measure_cold_starts(self) -> None:
        for _ in range(self.bench.options.rounds):
            for name, seconds in COLD_SECONDS.items():
                if self.bench.has(name):
                    self.bench.progress.step(f"cold start: {name}", seconds)
                    self.bench.results.add("cold-start", name, {"seconds": self._cold(name)})

    def _cold(self, name: str) -> float:
        system = self.bench.system(name)
        try:
            start = time.monotonic()
            system.start()
            wait_until(system.write_once, f"{name}: the first write", pause=0.002)
            return time.monotonic() - start
        finally:
            system.stop()

    # Memory and restart

    def _fill_seconds(self) -> float:
        return self.bench.options.keys / FILL_RATE + 1.0 + SETTLE_SECONDS

    def _restart_seconds(self) -> float:
        return 0.5 + self.bench.options.keys / 800_000.0

    def _measure_many_keys(self) -> None:
        bench = self.bench
        with bench.system(OURS) as ours:
            assert isinstance(ours, Ours)
            self._fill(OURS, ours)
            if not bench.has(REDIS):
                self._restart_ours(ours)
                return
            with bench.system("single-redis") as redis:
                self._fill(REDIS, redis)
                if "restart" not in bench.options.only:
                    return
                for number in range(bench.options.rounds):
                    order = [lambda: self._restart_ours(ours), lambda: self._restart_redis(redis)]
                    for restart in order if number % 2 == 0 else reversed(order):
                        restart()

    def _fill(self, name: str, system: System) -> None:
        """The primary's memory counts; all nodes of a kind hold the same keys."""
        keys = self.bench.options.keys
        self.bench.progress.step(f"memory: {name} takes {keys:,} keys", self._fill_seconds())
        primary = wait_until(lambda: _one_based(system.primary()), f"{name}: a primary")
        node = system.nodes[primary - 1]
        empty = node.resident_bytes()
        self.bench.load(system, "--fill", "--keys", str(keys), "--pipeline", "32")
        time.sleep(SETTLE_SECONDS)
        grown = node.resident_bytes() - empty
        if "memory" in self.bench.options.only:
            self.bench.results.add("memory", name, {"bytes_per_key": grown / keys})

    def _restart_ours(self, ours: Ours) -> None:
        """A secondary: with two of three nodes up it is the restart that happens in practice."""
        primary = wait_until(lambda: _one_based(ours.primary()), "ours: a primary") - 1
        position = (primary + 1) % len(ours.nodes)
        keys = self.bench.options.keys
        self._restart(OURS, ours.nodes[position],
                      lambda: int(ours.status(position).get("keys", 0)) >= keys)
        wait_until(ours.ready, "ours: all nodes together")

    def _restart_redis(self, redis: System) -> None:
        port, keys = redis.ports[0], self.bench.options.keys
        clients.ask_redis(port, "SAVE", seconds=60.0)
        self._restart(REDIS, redis.nodes[0],
                      lambda: clients.ask_redis(port, "DBSIZE") == f":{keys}")

    def _restart(self, name: str, node: Node, has_all_keys: Callable[[], bool]) -> None:
        self.bench.progress.step(f"restart: {name}", self._restart_seconds())
        node.kill()
        start = time.monotonic()
        node.start()
        wait_until(has_all_keys, f"{name}: its keys after a restart", 120.0, pause=0.002)
        self.bench.results.add("restart", name, {"seconds": time.monotonic() - start})


def _one_based(position: int | None) -> int:
    """Position 0 is a true answer too."""
    return 0 if position is None else position + 1
