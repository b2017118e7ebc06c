"""What all parts of a comparison share: options, results, progress, and the load generator."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import BenchError, busy_seconds
from systems import Etcd, Ours, Redis, SentinelRedis, SingleRedis, System
from targets import ETCD, FIGURES, OURS, REDIS, SENTINEL

Sample = dict[str, float]
RETRIES = 2


@dataclass(frozen=True)
class Options:
    """How much is measured."""
    programs: Path
    folder: Path
    rounds: int
    seconds: int          # of one load
    keys: int             # of memory and restart
    kills: int
    peers: frozenset[str]  # of REDIS and ETCD: those that are there
    only: frozenset[str]


class Progress:
    """A line on stderr that says what runs and how long all of it may still take."""

    def __init__(self, estimate_seconds: float):
        self._estimate = estimate_seconds
        self._done = 0.0
        self._current = 0.0
        self._terminal = sys.stderr.isatty()

    def step(self, what: str, seconds: float) -> None:
        """`what` begins; it is thought to take so long."""
        self._done += self._current
        self._current = seconds
        left = max(self._estimate - self._done, seconds)
        self._show(f"{_span(left)} left   {what}")

    def end(self) -> None:
        """Leaves a terminal's line empty."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show(self, text: str) -> None:
        if self._terminal:
            shown = text[:shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K\x1b[2m{shown}\x1b[0m", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


def _span(seconds: float) -> str:
    whole = int(seconds + 0.5)
    return f"{whole // 60} min {whole % 60:2} s" if whole >= 60 else f"{whole:6} s"


@dataclass
class Results:
    """Samples of each measure and system, one per round."""
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    remarks: list[str] = field(default_factory=list)

    def add(self, measure: str, system: str, sample: Sample) -> None:
        self.samples[measure, system].append(sample)

    def values(self, measure: str, system: str, name: str) -> list[float]:
        if (measure, system) in FIGURES:
            value = FIGURES[measure, system][name]
            return [value] * len(self.samples.get((measure, OURS), []))
        found = self.samples.get((measure, system), [])
        return [sample[name] for sample in found if name in sample]

    def median(self, measure: str, system: str, name: str) -> float | None:
        values = self.values(measure, system, name)
        return statistics.median(values) if values else None


class Bench:
    """One comparison under way."""

    def __init__(self, options: Options, progress: Progress):
        self.options = options
        self.progress = progress
        self.results = Results()
        self._started = 0

    def system(self, name: str) -> System:
        """A new one with no data. Enter it to start it."""
        self._started += 1
        folder = self.options.folder / f"{self._started:03}-{name}"
        if name == OURS:
            return Ours(folder, self.options.programs)
        kinds = {REDIS: Redis, ETCD: Etcd, SENTINEL: SentinelRedis, "single-redis": SingleRedis}
        return kinds[name](folder)

    def has(self, system: str) -> bool:
        needed = {OURS: None, ETCD: ETCD}.get(system, REDIS)
        return needed is None or needed in self.options.peers

    def kvload(self, *arguments: str) -> list[str]:
        return [str(self.options.programs / "kvload"), "--json", *arguments]

    def load(self, system: System, *arguments: str) -> Sample:
        """Runs the load generator once. `cpu_us` is the processor time per operation over all
        processes, the generator's own included; `other_cores` what all others took meanwhile."""
        reason = ""
        for _ in range(1 + RETRIES):
            command = self.kvload(*system.server_arguments(), *arguments)
            before, busy_before = system.cpu_seconds(), busy_seconds()
            answer = answer_of(started(command))
            used = system.cpu_seconds() - before + answer["cpu_seconds"]
            if answer["failed"] == 0 and answer["acknowledged"] > 0:
                return _sample(answer, used, busy_seconds() - busy_before - used)
            reason = f"{answer['failed']} operations failed ({answer['first_failure']})"
            self.results.remarks.append(f"A load was repeated: {reason}.")
        raise BenchError(f"kvload {' '.join(arguments)}: {reason}, {1 + RETRIES} times in a row")


def _sample(answer: dict[str, Any], cpu_seconds: float, others_seconds: float) -> Sample:
    sample = {name: float(value) for name, value in answer.items()
              if isinstance(value, (int, float))}
    sample["cpu_us"] = cpu_seconds * 1e6 / sample["acknowledged"]
    sample["other_cores"] = max(0.0, others_seconds / sample["seconds"])
    sample["tail"] = sample["p999_us"] / max(sample["p50_us"], 1.0)
    return sample


def started(command: list[str]) -> "subprocess.Popen[str]":
    """A load generator; answer_of waits for it."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)


def answer_of(process: "subprocess.Popen[str]", seconds: float = 600.0) -> dict[str, Any]:
    """Waits for a load generator; its JSON object, whatever its exit status."""
    try:
        out, errors = process.communicate(timeout=seconds)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if not out.strip():
        raise BenchError(errors.strip() or "kvload ended without an answer")
    answer: dict[str, Any] = json.loads(out)
    return answer


