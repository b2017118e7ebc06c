#!/usr/bin/env python3
"""Measures three nodes of ours against Redis and etcd, turn about on this machine.

Rates, latencies, failover, cold start, memory and restart; medians, and ratios of neighbouring
measurements. Prints a table, writes bench.json and bench.svg into the current folder. Leave the
machine alone meanwhile. docs/performance.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import FrameType

import grid
import picture
import report
from bench_run import Bench, Options, Progress
from lifecycle import Lifecycle
from processes import BenchError
from targets import ETCD, REDIS, SECTIONS

FULL_KEYS = 1_000_000
QUICK_KEYS = 100_000
REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = {REDIS: ("redis-server", "redis-server"),
         ETCD: ("etcd", "etcd-server")}

EXAMPLES = f"""examples:
  ./kv bench                          the whole comparison: about 8 minutes
  ./kv bench --quick                  a first impression: about a minute and a half
  ./kv bench --only set-50,get-50     parts of it
  ./kv bench --without etcd

parts: {", ".join(SECTIONS)}

exit status: 0 all floors hold, 1 one doesn't or the comparison failed, 2 wrong usage"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./kv bench", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="loads of 1 s, 100,000 keys, fewer kills")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="this part alone; may be repeated, or a list with commas")
    parser.add_argument("--without", action="append", default=[], metavar="PEER",
                        help="leave redis or etcd out")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="rounds of each (default 5, quick 3)")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE",
                        help="where everything measured goes (default bench.json)")
    parser.add_argument("--picture", type=Path, default=Path("bench.svg"), metavar="FILE",
                        help="where the picture goes (default bench.svg)")
    parser.add_argument("--dir", type=Path, metavar="DIR",
                        help="a folder on the disk to measure; the data below it is removed "
                        "afterwards (default: the system's temporary folder)")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build/release/bin",
                        metavar="DIR", help="where kvnode and kvload are")
    return parser


def _names(parser: argparse.ArgumentParser, option: str, given: list[str],
           known: tuple[str, ...]) -> frozenset[str]:
    names = frozenset(name for text in given for name in text.split(",") if name)
    for name in sorted(names - frozenset(known)):
        parser.error(f"{option} doesn't know '{name}': it knows {', '.join(known)}")
    return names


def _options(arguments: list[str]) -> tuple[Options, argparse.Namespace]:
    parser = _parser()
    given = parser.parse_args(arguments)
    only = _names(parser, "--only", given.only, SECTIONS) or frozenset(SECTIONS)
    without = _names(parser, "--without", given.without, tuple(PEERS))
    rounds = given.rounds if given.rounds is not None else 3 if given.quick else 5
    if rounds < 1:
        parser.error("--rounds has to be at least 1")
    if given.dir is not None and not given.dir.is_dir():
        parser.error(f"--dir: there is no folder {given.dir}")
    return Options(
        programs=given.bin.resolve(), folder=given.dir or Path(tempfile.gettempdir()),
        rounds=rounds, seconds=1 if given.quick else 3, kills=2 if given.quick else 9,
        keys=QUICK_KEYS if given.quick else FULL_KEYS, peers=_installed(without), only=only), given


def _installed(without: frozenset[str]) -> frozenset[str]:
    found = set()
    for peer, (program, packages) in PEERS.items():
        if peer in without:
            continue
        if shutil.which(program):
            found.add(peer)
        else:
            print(f"{program} is not installed: its rows are left out. To have them: "
                  f"apt-get install {packages}", file=sys.stderr)
    return frozenset(found)


def _check_programs(options: Options) -> None:
    for name in ("kvnode", "kvload"):
        if not (options.programs / name).is_file():
            raise BenchError(f"{options.programs / name} is missing: run ./kv build")


def _measure(options: Options) -> Bench:
    plan = Bench(options, Progress(0.0))
    bench = Bench(options, Progress(grid.estimate(plan) + Lifecycle(plan).estimate()))
    if report.filesystem_of(options.folder) == "tmpfs":
        bench.results.remarks.append(
            f"{options.folder} is in memory, so that syncs cost nothing: name a folder on a disk "
            "with --dir.")
    if options.keys < FULL_KEYS and "memory" in options.only:
        bench.results.remarks.append(
            f"Memory per key was taken with {options.keys:,} keys, where fixed costs weigh more.")
    try:
        grid.run(bench)
        Lifecycle(bench).run()
    finally:
        bench.progress.end()
    return bench


def _publish(bench: Bench, given: argparse.Namespace) -> list[report.Row]:
    rows = report.rows_of(bench.results)
    print(report.table(rows, sys.stdout.isatty()))
    print()
    for line in report.notes(bench.results, rows):
        print(line)
    given.json.write_text(report.as_json(bench.options, bench.results, rows))
    given.picture.write_text(picture.svg(rows))
    print(f"Everything measured is in {given.json}, a picture in {given.picture}.")
    return rows


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    options, given = _options(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        _check_programs(options)
        with tempfile.TemporaryDirectory(prefix="understudy-bench-", dir=options.folder) as folder:
            bench = _measure(replace(options, folder=Path(folder)))
            rows = _publish(bench, given)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped; nothing is left running", file=sys.stderr)
        return 1
    return 0 if all(row.verdict != report.BELOW for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
