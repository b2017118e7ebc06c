"""What came of it: a row each, results.json, and docs/mutants.md."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from fuzzer import Hunt
from museum import FOLDER, ROOT, Mutant, read_table

RESULTS = FOLDER / "results.json"
PAGE = ROOT / "docs/mutants.md"


@dataclass
class Finding:
    """One mutant and what became of it."""
    mutant: Mutant
    hunt: Hunt = field(default_factory=Hunt)
    failure: str = ""    # why there was no hunt
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        return self.hunt.seed is not None


def print_row(finding: Finding) -> None:
    mutant, found = finding.mutant, finding.hunt
    others = ", ".join(f"{name} {count}" for name, count in sorted(found.others.items()))
    if finding.failure:
        verdict = f"BROKEN: {finding.failure}"
    elif finding.caught:
        verdict = f"{found.checker}, seed {found.seed} of {found.base.name}, run {found.runs}"
    else:
        verdict = f"NOT CAUGHT in {found.runs} runs"
    print(f"{mutant.id:02} {mutant.title:<70} {verdict}"
          f"{f' (also: {others})' if others else ''} {finding.seconds:.0f} s", flush=True)


def print_summary(findings: list[Finding]) -> None:
    caught = sum(finding.caught for finding in findings)
    print(f"{caught} of {len(findings)} mutants caught")


def write_results(findings: list[Finding]) -> None:
    """Findings of this run; what earlier runs found of other mutants stays."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for finding in findings:
        found = finding.hunt
        results[finding.mutant.name] = {
            "caught_by": found.checker, "seed": found.seed,
            "scenario": found.base.name if found.base else "", "runs": found.runs,
            "words": found.words,
        }
    ordered = {name: results[name] for name in sorted(results)}
    RESULTS.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page() -> None:
    pass
