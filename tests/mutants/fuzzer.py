"""Runs kvsim's campaigns against a mutant, and shrinks what they find."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from museum import Mutant, MuseumError

CALL_IT = {"process": "crash"}  # a campaign's word for a run that aborts or hangs
FUTILE = 300     # failures of other kinds: it breaks all the time, and never as it is asked for
PORTION = 100    # seeds, twice as many each time
SHRINK_SECONDS = 60


@dataclass(frozen=True)
class Campaign:
    """Many seeds of something, as kvsim's command lines have it."""
    name: str
    run: tuple[str, ...]     # before --seeds
    shrink: tuple[str, ...]  # before the seed


# The one place that says what is run; turn about, until one of them finds the bug.
CAMPAIGNS = (Campaign("swarm", ("fuzz",), ("shrink",)),)


@dataclass
class Hunt:
    """What the campaigns found."""
    seed: int | None = None          # of the first run in which an expected checker spoke
    campaign: Campaign | None = None
    checker: str = ""
    words: str = ""
    runs: int = 0                    # until then, of all campaigns
    seconds: float = 0.0
    others: dict[str, int] = field(default_factory=dict)  # checkers that weren't asked for


@dataclass
class Shrunk:
    """A failing run as a scenario of few steps."""
    file: Path
    steps: int
    seconds: float


def hunt(program: Path, mutant: Mutant, seeds: tuple[int, int], jobs: int, budget: float) -> Hunt:
    """Until an expected checker finds the bug; no new portion is begun after `budget` seconds."""
    found = Hunt()
    started = time.monotonic()
    first, size = seeds[0], PORTION
    while first <= seeds[1] and found.seed is None and found.seconds < budget:
        last = min(seeds[1], first + size - 1)
        for campaign in CAMPAIGNS:
            _search(program, campaign, mutant, (first, last), jobs, found)
            if found.seed is not None:
                break
        found.seconds = time.monotonic() - started
        first, size = last + 1, size * 2
    return found


def _search(program: Path, campaign: Campaign, mutant: Mutant, seeds: tuple[int, int], jobs: int,
            found: Hunt) -> None:
    first, last = seeds
    while first <= last and sum(found.others.values()) < FUTILE:
        command = [str(program), *campaign.run, "--seeds", f"{first}..{last}", *mutant.fuzz]
        runs = _runs(command, jobs, program.parent)
        for run in runs:
            found.runs += 1
            if run["passed"]:
                continue
            checker = CALL_IT.get(run["checker"], run["checker"])
            if checker in mutant.expected:
                found.seed, found.campaign = run["seed"], campaign
                found.checker, found.words = checker, run["words"]
                return
            found.others[checker] = found.others.get(checker, 0) + 1
        if not runs:
            return
        first = runs[-1]["seed"] + 1


def _runs(command: list[str], jobs: int, folder: Path) -> list[dict]:
    """The campaign's runs in the order of their seeds; it ends early after some failures."""
    results = folder / "runs.json"
    results.unlink(missing_ok=True)
    done = _call([*command, "--jobs", str(jobs), "--quiet", "--json", str(results)])
    if done.returncode not in (0, 1) or not results.is_file():
        raise MuseumError(f"{' '.join(command)} ended with {done.returncode}:\n"
                          f"{done.stderr.strip()[-1000:]}")
    runs = json.loads(results.read_text(encoding="utf-8", errors="replace"))["runs"]
    return sorted(runs, key=lambda run: run["seed"])


def can_shrink(program: Path) -> bool:
    return " shrink " in _call([str(program), "--help"]).stdout


def shrink(program: Path, mutant: Mutant, found: Hunt, jobs: int) -> Shrunk:
    assert found.campaign is not None
    file = program.parent / "shrunk.json"
    file.unlink(missing_ok=True)
    started = time.monotonic()
    done = _call([str(program), *found.campaign.shrink, str(found.seed), *mutant.fuzz,
                  "--out", str(file), "--jobs", str(jobs), "--time", f"{SHRINK_SECONDS}s"])
    if not file.is_file():
        raise MuseumError(f"kvsim shrink made nothing of seed {found.seed} "
                          f"({done.returncode}): {done.stderr.strip()[-500:]}")
    steps = len(json.loads(file.read_text(encoding="utf-8")).get("steps", []))
    return Shrunk(file, steps, time.monotonic() - started)


def passes(program: Path, scenario: Path) -> bool:
    """Whether the scenario passes on the core of `program`."""
    return _call([str(program), "run", str(scenario)]).returncode == 0


def _call(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
