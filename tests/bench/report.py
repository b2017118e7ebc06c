"""From samples to rows: ratios, verdicts, the table and the JSON file."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable

from bench_run import Options, Results
from targets import ETCD, FIGURES_NOTE, OURS, REDIS, REDISRAFT, SENTINEL, TARGETS, Target

GOAL, FLOOR, BELOW = "goal", "floor", "below"
COLOURS = {GOAL: "\x1b[32m", FLOOR: "\x1b[33m", BELOW: "\x1b[31m"}
PLAIN = "\x1b[0m"
DIM = "\x1b[2m"

NOTABLE_CORES = 0.2  # taken by others; heartbeats of the systems that wait stay below

UNITS: dict[str, Callable[[float], str]] = {
    "rate": lambda value: f"{value / 1000:.{1 if value < 99_950 else 0}f} k/s",
    "p50_us": lambda value: f"{value / 1000:.2f} ms",
    "seconds": lambda value: f"{value:.2f} s",
    "gap_seconds": lambda value: f"{value:.2f} s",
    "bytes_per_key": lambda value: f"{value:.0f} B",
    "tail": lambda value: f"{value:.1f}",
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""
    target: Target
    ours: float
    peer: float | None     # None: it isn't installed, and the row asks nothing of it
    ratio: float | None    # ours / peer's: the median of the rounds' own ratios
    ratio_low: float | None
    ratio_high: float | None
    cpu_ours: float | None  # microseconds per operation
    cpu_peer: float | None
    verdict: str

    def text_of(self, value: float | None) -> str:
        return "-" if value is None else UNITS[self.target.field](value)

    def limit_text(self, limit: float) -> str:
        sign = "≤" if self.target.less_is_better else "≥"
        text = self.text_of(limit) if self.target.absolute else f"{limit:g}"
        return f"{sign} {text}"


def rows_of(results: Results) -> list[Row]:
    rows: list[Row] = []
    for target in TARGETS:
        row = _row(results, target)
        shown = any(other.target.title == target.title for other in rows)
        if row is not None and not (row.peer is None and shown):
            rows.append(row)
    return rows


def _row(results: Results, target: Target) -> Row | None:
    ours = results.values(target.measure, OURS, target.field)
    peer = results.values(target.measure, target.peer, target.field)
    if not ours or not (peer or target.absolute):
        return None
    value = statistics.median(ours)
    if not peer:
        return Row(target, value, None, None, None, None, None, None,
                   _verdict(results, target, value))
    ratios = [value / statistics.median(peer)]
    if not target.absolute and len(ours) == len(peer):
        # Measured turn about: each ratio comes from neighbours.
        ratios = [a / b for a, b in zip(ours, peer)]
    ratio = statistics.median(ratios)
    has_cpu = target.field in ("rate", "p50_us")
    return Row(target, value, statistics.median(peer), ratio, min(ratios), max(ratios),
               results.median(target.measure, OURS, "cpu_us") if has_cpu else None,
               results.median(target.measure, target.peer, "cpu_us")
               if has_cpu and target.peer != REDISRAFT else None,
               _verdict(results, target, value if target.absolute else ratio))


def _verdict(results: Results, target: Target, value: float) -> str:
    # A failover that loses an acknowledged write has no good time.
    if sum(results.values(target.measure, OURS, "lost")) > 0:
        return BELOW
    if not all(results.values(target.measure, OURS, "verified") +
               results.values(target.measure, OURS, "recovered")):
        return BELOW

    def holds(limit: float) -> bool:
        return value <= limit if target.less_is_better else value >= limit
    return GOAL if holds(target.goal) else FLOOR if holds(target.floor) else BELOW


def table(rows: list[Row], colours: bool) -> str:
    """Columns as wide as they need to be, numbers to the right."""
    head = ("measure", "ours", "peer's", "peer", "ratio", "floor", "goal", "CPU µs/op", "verdict")
    left = {0, 3, 8}
    cells = [head] + [_cells(row) for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    lines = []
    for number, line in enumerate(cells):
        padded = [text.ljust(width) if i in left else text.rjust(width)
                  for i, (text, width) in enumerate(zip(line, widths))]
        if colours and number > 0:
            padded[-1] = COLOURS[line[-1]] + padded[-1] + PLAIN
        text = "  ".join(padded).rstrip()
        lines.append(f"{DIM}{text}{PLAIN}" if colours and number == 0 else text)
    return "\n".join(lines)


def _micros(value: float | None) -> str:
    """Three digits are as many as mean something."""
    if value is None:
        return "-"
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _cells(row: Row) -> tuple[str, ...]:
    cpu = "" if row.cpu_ours is None else f"{_micros(row.cpu_ours)} / {_micros(row.cpu_peer)}"
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.target.title, row.text_of(row.ours), row.text_of(row.peer), row.target.peer_title,
            ratio, row.limit_text(row.target.floor), row.limit_text(row.target.goal),
            cpu, row.verdict)


def notes(results: Results, rows: list[Row]) -> list[str]:
    """What a reader of the table has to know beside it."""
    lines = []
    titles = {OURS: "ours", ETCD: "etcd", SENTINEL: "Sentinel"}
    failovers = [f"{title}: {sum(results.values('failover', name, 'lost')):.0f} of "
                 f"{sum(acknowledged):,.0f} in {len(acknowledged)} kill"
                 f"{'' if len(acknowledged) == 1 else 's'}"
                 for name, title in titles.items()
                 if (acknowledged := results.values("failover", name, "acknowledged"))]
    if failovers:
        lines.append("Acknowledged writes lost in failovers: " + "; ".join(failovers) + ".")
    if any(row.target.peer == REDISRAFT for row in rows):
        lines.append(FIGURES_NOTE)
    if any(row.target.peer == REDIS and row.target.field == "rate" for row in rows):
        lines.append("Ours and etcd's writes are on disk on a majority when they are acknowledged; "
                     "Redis' on its primary alone, with WAIT 1 also at one replica.")
    return lines + _neighbours(results) + results.remarks


def _neighbours(results: Results) -> list[str]:
    """Says when the machine had other things to do."""
    taken = [sample["other_cores"] for samples in results.samples.values() for sample in samples
             if "other_cores" in sample]
    if not taken or statistics.median(taken) < NOTABLE_CORES:
        return []
    return [f"Other processes took {statistics.median(taken):.1f} of {os.cpu_count()} cores "
            "meanwhile: for numbers to rely on, repeat it on a machine that is left alone."]


def as_json(options: Options, results: Results, rows: list[Row]) -> str:
    """Everything: a later look at a run must not need the run."""
    return json.dumps({
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": _machine(options.folder),
        "versions": _versions(options),
        "options": {"rounds": options.rounds, "seconds": options.seconds, "keys": options.keys,
                    "kills": options.kills},
        "rows": [{**asdict(row), "target": asdict(row.target)} for row in rows],
        "samples": [{"measure": measure, "system": system, "samples": samples}
                    for (measure, system), samples in results.samples.items()],
        "remarks": results.remarks,
    }, indent=2, ensure_ascii=False) + "\n"


def _machine(folder: Path) -> dict[str, Any]:
    model = [line.split(":", 1)[1].strip()
             for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"cores": os.cpu_count(), "processor": model[0] if model else "",
            "kernel": platform.release(), "load_average": os.getloadavg(),
            "filesystem": filesystem_of(folder)}


def filesystem_of(folder: Path) -> str:
    """Type of the file system that holds `folder`: "ext4", "tmpfs" …"""
    found = ("", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        inside = folder.is_relative_to(place)
        if inside and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _versions(options: Options) -> dict[str, str]:
    commands = {OURS: [str(options.programs / "kvnode"), "--version"]}
    if REDIS in options.peers:
        commands[REDIS] = ["redis-server", "--version"]
    if ETCD in options.peers:
        commands[ETCD] = ["etcd", "--version"]
    return {name: subprocess.run(command, capture_output=True, text=True, timeout=10,
                                 check=False).stdout.split("\n")[0]
            for name, command in commands.items()}
