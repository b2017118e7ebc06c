"""The table of mutants: what is in mutants.json, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
TABLE = FOLDER / "mutants.json"

CLASSES = ("election", "replication", "commit", "persistence", "snapshot", "reads", "sessions",
           "liveness")
# The simulator's names (docs/simulator.md, "What is watched"), and what a sweep finds beside them.
CHECKERS = ("durability", "linearizability", "progress", "election safety",
            "leader append-only", "log matching", "leader completeness", "state machine safety",
            "vote safety", "exactly once", "read freshness", "catching up", "invariants",
            "expectation", "determinism", "crash")


class MuseumError(Exception):
    """Says what is wrong with the table, a patch or a build, and where."""


@dataclass(frozen=True)
class Mutant:
    """One real bug, as a patch of the core."""
    id: int
    patch: Path
    title: str
    source: str
    kind: str                   # one of CLASSES
    expected: tuple[str, ...]   # any of these checkers has to find it
    schedule: str
    fuzz: tuple[str, ...]       # more arguments for the fuzzer
    fast: bool                  # part of the tests
    not_found: str              # why no campaign has found it so far; mostly empty

    @property
    def name(self) -> str:
        return self.patch.stem


def read_table(path: Path = TABLE) -> list[Mutant]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        mutants = [_mutant(entry, path.parent) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MuseumError(f"{path} can't be read: {error!r}") from error
    known: set[int] = set()
    for mutant in mutants:
        _check(mutant)
        if mutant.id in known:
            raise MuseumError(f"{path}: there are two mutants {mutant.id:02}")
        known.add(mutant.id)
    return mutants


def _mutant(entry: dict, folder: Path) -> Mutant:
    return Mutant(id=entry["id"], patch=folder / entry["patch"], title=entry["title"],
                  source=entry["source"], kind=entry["class"],
                  expected=tuple(entry["expected"]), schedule=entry["schedule"],
                  fuzz=tuple(entry.get("fuzz", ())), fast=entry.get("fast", False),
                  not_found=entry.get("not_found", ""))


def _check(mutant: Mutant) -> None:
    if not mutant.patch.is_file():
        raise MuseumError(f"mutant {mutant.id:02}: there is no {mutant.patch}")
    if not mutant.patch.name.startswith(f"{mutant.id:02}-"):
        raise MuseumError(f"mutant {mutant.id:02}: its patch is named {mutant.patch.name}")
    if mutant.kind not in CLASSES:
        raise MuseumError(f"mutant {mutant.id:02}: there is no class '{mutant.kind}'")
    for checker in mutant.expected:
        if checker not in CHECKERS:
            raise MuseumError(f"mutant {mutant.id:02}: there is no checker '{checker}'")
    if not mutant.expected:
        raise MuseumError(f"mutant {mutant.id:02}: no checker is expected to find it")
