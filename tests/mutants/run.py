#!/usr/bin/env python3
"""Puts real Raft bugs into the core, one after the other, and lets the simulator find them."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fuzzer import can_shrink, hunt, passes, shrink
from museum import ROOT, TABLE, Mutant, MuseumError, read_table
from mutant_build import Tree, build_mutant, check_applies
from report import (MUSEUM, Finding, exhibit, print_row, print_summary, scenario_of, write_page,
                    write_result)


MOST_SHRUNK = 12

EXAMPLES = """\
Examples:
  tests/mutants/run.py --only 20                         one mutant
  tests/mutants/run.py --only 20,21 --seeds 1..500       two, with the first 500 seeds
  tests/mutants/run.py --fast --jobs 4                   those that are found at once
  tests/mutants/run.py --write                           all, and what was found into the museum
"""


def seeds_of(text: str) -> tuple[int, int]:
    """1..10000, or 5 for the one."""
    first, _, last = text.partition("..")
    if not first.isdecimal() or not (last or first).isdecimal() or int(first) > int(last or first):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no range of seeds: write the first and the last, as in 1..10000")
    return int(first), int(last or first)


def numbers_of(text: str) -> set[int]:
    """20 or 20,21"""
    if not all(number.isdecimal() for number in text.split(",")):
        raise argparse.ArgumentTypeError(
            f"'{text}' names no mutants: write their numbers with commas, as in 20,21")
    return {int(number) for number in text.split(",")}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=numbers_of, metavar="NN,NN", help="these mutants alone")
    parser.add_argument("--fast", action="store_true",
                        help="those alone that are found at once, and the museum's scenarios")
    parser.add_argument("--seeds", type=seeds_of, default="1..10000", metavar="A..B",
                        help="of each campaign")
    parser.add_argument("--time", type=float, default=900, metavar="SECONDS",
                        help="to hunt for one mutant")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release",
                        help="an up-to-date build of the true core")
    parser.add_argument("--table", type=Path, default=TABLE, help="another list of mutants")
    parser.add_argument("--work", type=Path, help="a folder that keeps the mutants' programs")
    parser.add_argument("--write", action="store_true", help="writes what was found into "
                        "results.json, scenarios/museum and docs/mutants.md")
    return parser.parse_args()


def chosen(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.fast:
        return [mutant for mutant in mutants if mutant.fast]
    if not options.only:
        return mutants
    unknown = options.only - {mutant.id for mutant in mutants}
    if unknown:
        raise MuseumError(f"there is no mutant {min(unknown):02} in {options.table}")
    return [mutant for mutant in mutants if mutant.id in options.only]


def examine(tree: Tree, mutant: Mutant, work: Path, options: argparse.Namespace) -> Finding:
    finding = Finding(mutant)
    started = time.monotonic()
    try:
        program = build_mutant(tree, mutant, work / mutant.name)
        finding.hunt = hunt(program, mutant, options.seeds, options.jobs, options.time)
        if finding.caught and not options.fast and can_shrink(tree.program):
            cut_down(tree, program, finding, options)
        retire(program, finding, options)
    except MuseumError as error:
        finding.failure = str(error)
    finding.seconds = time.monotonic() - started
    return finding


def cut_down(tree: Tree, program: Path, finding: Finding, options: argparse.Namespace) -> None:
    """Shrinks the first run that lets itself be: written as single steps it is seldom another."""
    found = finding.hunt
    for left in reversed(range(MOST_SHRUNK)):
        assert found.seed is not None
        try:
            finding.shrunk = shrink(program, finding.mutant, found, options.jobs)
            finding.passes_on_true_core = passes(tree.program, finding.shrunk.file)
            if finding.passes_on_true_core:
                break
        except MuseumError:
            if left == 0:
                raise
        following = (found.seed + 1, options.seeds[1])
        found = hunt(program, finding.mutant, following, options.jobs, options.time)
        if found.seed is None:
            return
    if options.write and finding.passes_on_true_core:
        exhibit(finding)


def retire(program: Path, finding: Finding, options: argparse.Namespace) -> None:
    """A scenario that a mutant passes shows nothing of it any more."""
    scenario = scenario_of(finding.mutant)
    if not scenario.is_file() or not passes(program, scenario):
        return
    if not options.write:
        raise MuseumError(f"passes {scenario.name} of the museum: --write makes it anew")
    scenario.unlink()


def failing_exhibits(program: Path) -> list[Path]:
    """Scenarios of the museum that fail on the true core."""
    return [path for path in sorted(MUSEUM.glob("*.json")) if not passes(program, path)]


def run(options: argparse.Namespace, work: Path) -> int:
    table = read_table(options.table)
    for mutant in table:
        check_applies(mutant)
    mutants = chosen(table, options)
    tree = Tree(options.build)
    findings: list[Finding] = []
    for mutant in mutants:
        findings.append(examine(tree, mutant, work, options))
        print_row(findings[-1])
        if options.write:
            write_result(findings[-1])
    failing = failing_exhibits(tree.program)
    for path in failing:
        print(f"{path.relative_to(ROOT)} fails on the true core: ./kv sim run it to see why")
    print_summary(findings)
    if options.write:
        write_page()
    return 0 if not failing and all(finding.good for finding in findings) else 1


def main() -> int:
    options = arguments()
    work = options.work or Path(tempfile.mkdtemp(prefix="kv-mutants-"))
    try:
        return run(options, work.resolve())
    except MuseumError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
