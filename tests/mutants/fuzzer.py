"""Runs kvsim's campaigns and shrinks what they find."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from museum import ROOT, Mutant, MuseumError

CHAOS = (ROOT / "scenarios/91-chaos-5.json", ROOT / "scenarios/90-chaos-3.json")
CALL_IT = {"process": "crash"}  # a sweep's word for a run that aborts or hangs


@dataclass
class Hunt:
    """What a campaign found."""
    seed: int | None = None          # of the first run in which an expected checker spoke
    base: Path | None = None         # the campaign's scenario
    checker: str = ""
    words: str = ""
    runs: int = 0                    # until then, all campaigns together
    seconds: float = 0.0
    others: dict[str, int] = field(default_factory=dict)  # checkers that weren't asked for


def command_of(program: Path, base: Path, mutant: Mutant, first: int, last: int) -> list[str]:
    """The one place that says how a campaign is run."""
    return [str(program), "sweep", str(base), "--seeds", f"{first}..{last}", *mutant.fuzz]


def hunt(program: Path, mutant: Mutant, seeds: tuple[int, int], jobs: int, budget: float) -> Hunt:
    """Seeds until an expected checker finds the bug; at most `budget` seconds."""
    found = Hunt()
    started = time.monotonic()
    first, size = seeds[0], 100
    while first <= seeds[1] and found.seed is None and time.monotonic() - started < budget:
        last = min(seeds[1], first + size - 1)
        for base in CHAOS:
            _campaign(program, base, mutant, (first, last), jobs, found)
            if found.seed is not None:
                break
        first, size = last + 1, min(size * 2, 1000)
    found.seconds = time.monotonic() - started
    return found


def _campaign(program: Path, base: Path, mutant: Mutant, seeds: tuple[int, int], jobs: int,
              found: Hunt) -> None:
    first, last = seeds
    while first <= last:
        runs = sorted(_runs(command_of(program, base, mutant, first, last), jobs, program.parent),
                      key=lambda run: run["seed"])
        if not runs:
            return
        for run in runs:
            found.runs += 1
            checker = CALL_IT.get(run["checker"], run["checker"])
            if run["passed"]:
                continue
            if checker in mutant.expected:
                found.seed, found.base = run["seed"], base
                found.checker, found.words = checker, run["words"]
                return
            found.others[checker] = found.others.get(checker, 0) + 1
        if sum(found.others.values()) >= 30:
            return  # it breaks all the time, and never in the way that is asked for
        first = runs[-1]["seed"] + 1


def _runs(command: list[str], jobs: int, folder: Path) -> list[dict]:
    results = folder / "runs.json"
    results.unlink(missing_ok=True)
    done = subprocess.run([*command, "--jobs", str(jobs), "--quiet", "--json", str(results)],
                          cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not results.is_file():
        raise MuseumError(f"{' '.join(command)} ended with {done.returncode}:\n"
                          f"{done.stderr.strip()[-1000:]}")
    runs = json.loads(results.read_text(encoding="utf-8", errors="replace"))["runs"]
    return [run for run in runs if run["completed"]]


def passes(program: Path, scenario: Path) -> bool:
    """Whether the scenario passes on the core of `program`."""
    done = subprocess.run([str(program), "run", str(scenario), "--json"], capture_output=True,
                          env={**os.environ, "NO_COLOR": "1"}, check=False)
    return done.returncode == 0
