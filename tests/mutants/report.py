"""What came of it: a row each, results.json, scenarios/museum and docs/mutants.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from fuzzer import Hunt, Shrunk
from museum import CLASSES, FOLDER, ROOT, Mutant, read_table

RESULTS = FOLDER / "results.json"
PAGE = ROOT / "docs/mutants.md"
MUSEUM = ROOT / "scenarios/museum"

INTRODUCTION = """\
# Mutants

Does the simulator find bugs? Each row below is a bug that a Raft implementation really had. `tests/mutants` has it as
a patch of a few lines for this core; `tests/mutants/run.py` builds the core with that bug, and runs the simulator with
one seed after the other until the named checker speaks. A bug counts as found only if one of the checkers found it
that the table `tests/mutants/mutants.json` names for it.

```bash
./kv check --mutants             # all of them: takes a while
./kv check --mutants --only 20   # one
```

*Runs* is how many seeds it took, *steps* how many are left of the run when `kvsim shrink` is done with it: that
scenario is in `scenarios/museum`, fails on the mutant and passes on the true core.
This page is written by `run.py --write`.

"""


@dataclass
class Finding:
    """One mutant and what became of it."""
    mutant: Mutant
    hunt: Hunt = field(default_factory=Hunt)
    shrunk: Shrunk | None = None
    passes_on_true_core: bool = True  # the shrunk scenario
    failure: str = ""                 # what went wrong with the patch, the build or a program
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        return self.hunt.seed is not None

    @property
    def good(self) -> bool:
        as_known = self.caught or bool(self.mutant.not_found)
        return as_known and self.passes_on_true_core and not self.failure


def print_row(finding: Finding) -> None:
    mutant, found = finding.mutant, finding.hunt
    if found.campaign is not None:
        verdict = f"{found.checker}, seed {found.seed} of {found.campaign.name}, run {found.runs}"
    else:
        verdict = f"NOT CAUGHT in {found.runs} runs"
    if found.others:
        others = ", ".join(f"{name} {count}" for name, count in sorted(found.others.items()))
        verdict += f" (also: {others})"
    if finding.shrunk is not None:
        verdict += f"; {finding.shrunk.steps} steps, shrunk in {finding.shrunk.seconds:.0f} s"
        if not finding.passes_on_true_core:
            verdict += ", FAILS ON THE TRUE CORE"
    if finding.failure:
        verdict = f"BROKEN: {finding.failure}; {verdict}"
    print(f"{mutant.id:02} {mutant.title:<70} {verdict}; {finding.seconds:.0f} s", flush=True)


def print_summary(findings: list[Finding]) -> None:
    print(f"{sum(finding.good for finding in findings)} of {len(findings)} mutants found as expected")


def found_in(scenario: str) -> str:
    """What kvsim shrink says that this very scenario showed, as the end of a sentence."""
    words = json.loads(scenario)["why"].partition("What was found: ")[2].strip()
    if not words:
        return "."
    return f": {words}" if words[-1] in ".!?…" else f": {words}."


def exhibit(finding: Finding) -> None:
    """Keeps the shrunk scenario, with words that say what it shows."""
    assert finding.shrunk is not None
    mutant = finding.mutant
    text = finding.shrunk.file.read_text(encoding="utf-8")
    why = (f"{mutant.schedule} A core with that bug ({mutant.source}) fails here{found_in(text)} "
           "The true core passes.")
    for key, value in (("title", mutant.title), ("why", why)):
        line = f'"{key}": {json.dumps(value, ensure_ascii=False)}'
        text = re.sub(rf'"{key}": "(?:[^"\\]|\\.)*"', lambda _, line=line: line, text, count=1)
    # The folder is one deeper than the other scenarios'.
    text = text.replace('"$schema": "scenario.schema.json"', '"$schema": "../scenario.schema.json"')
    MUSEUM.mkdir(exist_ok=True)
    scenario_of(mutant).write_text(text, encoding="utf-8")


def scenario_of(mutant: Mutant) -> Path:
    return MUSEUM / f"{mutant.name}.json"


def steps_shown(mutant: Mutant) -> int | None:
    """Of the scenario in the museum; none: there is no such scenario."""
    path = scenario_of(mutant)
    if not path.is_file():
        return None
    return len(json.loads(path.read_text(encoding="utf-8")).get("steps", []))


def write_result(finding: Finding) -> None:
    """What is known of other mutants stays."""
    found = finding.hunt
    results = _results()
    results[finding.mutant.name] = {
        "found_by": found.checker, "words": found.words, "seed": found.seed,
        "campaign": found.campaign.name if found.campaign else "", "runs": found.runs,
    }
    ordered = {name: results[name] for name in sorted(results)}
    RESULTS.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _results() -> dict:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}


def write_page() -> None:
    mutants, results = read_table(), _results()
    tried = [results.get(mutant.name, {}) for mutant in mutants]
    runs = [result["runs"] for result in tried if result.get("found_by")]
    shown = [steps_shown(mutant) for mutant in mutants]
    steps = [count for count in shown if count is not None]
    text = INTRODUCTION + f"{len(runs)} of {len(mutants)} are found.\n"
    if runs and steps:
        text += (f"Half of these take at most {int(median(runs)):,} runs, the slowest takes "
                 f"{max(runs):,}; half have at most {int(median(steps))} steps when they are cut "
                 f"down, the longest has {max(steps)}.\n")
    for kind in CLASSES:
        rows = [_row(mutant, results.get(mutant.name, {})) for mutant in mutants
                if mutant.kind == kind]
        if rows:
            text += f"\n## {kind.capitalize()}\n\n"
            text += "| | the bug | source | found by | runs | steps |\n|---|---|---|---|---:|---:|\n"
            text += "".join(rows)
    PAGE.write_text(text, encoding="utf-8")


def _row(mutant: Mutant, result: dict) -> str:
    scenario, shown = scenario_of(mutant), steps_shown(mutant)
    number = f"[{mutant.id:02}](../tests/mutants/{mutant.patch.name})"
    steps = "" if shown is None else f"[{shown}](../scenarios/museum/{scenario.name})"
    title = f"**{mutant.title}.** {mutant.schedule} {mutant.not_found}".rstrip()
    cells = [number, title, mutant.source,
             _found_by(result), f"{result.get('runs', 0):,}", steps]
    return f"| {' | '.join(cells)} |\n"


def _found_by(result: dict) -> str:
    return (result["found_by"] or "**not found so far**") if result else "not tried yet"
