"""Rates and latencies under load: all systems up, measured turn about."""

from __future__ import annotations

from contextlib import ExitStack

from bench_run import Bench
from systems import System
from targets import ETCD, GRID, OURS, REDIS, REDIS_WAIT, Measure

KEYS = 100_000
START_SECONDS = 5.0
OVERHEAD_SECONDS = 0.3  # of one load: starting kvload, finding the primary


def wanted(bench: Bench) -> list[Measure]:
    return [measure for measure in GRID if measure.name in bench.options.only]


def _systems_of(bench: Bench, measure: Measure) -> list[str]:
    return [name for name in measure.systems if bench.has(name)]


def estimate(bench: Bench) -> float:
    loads = sum(len(_systems_of(bench, measure)) for measure in wanted(bench))
    each = bench.options.seconds + OVERHEAD_SECONDS
    return loads * bench.options.rounds * each + (START_SECONDS if loads else 0.0)


def run(bench: Bench) -> None:
    measures = wanted(bench)
    if not measures:
        return
    used = {name for measure in measures for name in _systems_of(bench, measure)}
    with ExitStack() as stack:
        bench.progress.step("starting and filling the systems", START_SECONDS)
        systems = {name: stack.enter_context(bench.system(name))
                   for name in (OURS, REDIS, ETCD)
                   if name in used or (name == REDIS and REDIS_WAIT in used)}
        _warm_up(bench, systems)
        for round_number in range(bench.options.rounds):
            for measure in measures:
                _run_measure(bench, measure, systems, round_number)


def _warm_up(bench: Bench, systems: dict[str, System]) -> None:
    """Every key is there before the first GET; nobody's first load is a measured one."""
    for name, system in systems.items():
        if name == ETCD:
            bench.load(system, "--seconds", "1")
        else:
            bench.load(system, "--fill", "--keys", str(KEYS), "--pipeline", "16")


def _run_measure(bench: Bench, measure: Measure, systems: dict[str, System], number: int) -> None:
    order = _systems_of(bench, measure)
    # Turned round each time, so that a machine that gets slower favours nobody.
    for name in order if number % 2 == 0 else reversed(order):
        bench.progress.step(
            f"round {number + 1} of {bench.options.rounds}   {measure.title}: {name}",
            bench.options.seconds + OVERHEAD_SECONDS)
        extra = ("--wait", "1") if name == REDIS_WAIT else ()
        system = systems[REDIS if name == REDIS_WAIT else name]
        sample = bench.load(system, *measure.arguments, *extra, "--keys", str(KEYS),
                            "--seconds", str(bench.options.seconds))
        bench.results.add(measure.name, name, sample)


