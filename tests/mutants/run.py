#!/usr/bin/env python3
"""Puts real Raft bugs into the core, one after the other, and lets the simulator find them."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fuzzer import hunt
from museum import ROOT, TABLE, Mutant, MuseumError, read_table
from mutant_build import Tree, build_mutant
from report import Finding, print_row, print_summary, write_page, write_results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NN,NN", help="these mutants alone")
    parser.add_argument("--fast", action="store_true", help="those of the tests alone")
    parser.add_argument("--seeds", default="1..10000", metavar="A..B")
    parser.add_argument("--time", type=float, default=600, metavar="SECONDS",
                        help="to hunt for one mutant")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release",
                        help="an up-to-date build of the true core")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--work", type=Path, help="keeps the mutants there")
    parser.add_argument("--write", action="store_true",
                        help="writes results.json and docs/mutants.md")
    return parser.parse_args()


def chosen(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.fast:
        return [mutant for mutant in mutants if mutant.fast]
    if not options.only:
        return mutants
    wanted = {int(number) for number in options.only.split(",")}
    unknown = wanted - {mutant.id for mutant in mutants}
    if unknown:
        raise MuseumError(f"there is no mutant {min(unknown):02} in {options.table}")
    return [mutant for mutant in mutants if mutant.id in wanted]


def examine(tree: Tree, mutant: Mutant, work: Path, options: argparse.Namespace) -> Finding:
    started = time.monotonic()
    try:
        program = build_mutant(tree, mutant, work / mutant.name)
    except MuseumError as error:
        return Finding(mutant, failure=str(error), seconds=time.monotonic() - started)
    first, last = (int(number) for number in options.seeds.split(".."))
    found = hunt(program, mutant, (first, last), options.jobs, options.time)
    return Finding(mutant, found, seconds=time.monotonic() - started)


def run(options: argparse.Namespace, work: Path) -> int:
    mutants = chosen(read_table(options.table), options)
    tree = Tree(options.build)
    findings: list[Finding] = []
    for mutant in mutants:
        finding = examine(tree, mutant, work, options)
        findings.append(finding)
        print_row(finding)
    print_summary(findings)
    if options.write:
        write_results(findings)
        write_page()
    return 0 if all(finding.caught for finding in findings) else 1


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
