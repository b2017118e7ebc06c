"""Child processes, their ports, and what /proc says about them."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, TypeVar

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PEER_PORT_OFFSET = 10_000  # kvnode talks to its peers on the client port plus this
PR_SET_PDEATHSIG = 1

T = TypeVar("T")


class BenchError(Exception):
    """What went wrong and what to do about it, in a sentence."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Node:
    """One server process, which can be killed and started again."""

    def __init__(self, command: list[str], folder: Path):
        self.command = command
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            # A session of its own: Ctrl-C reaches this program alone, which then ends its nodes.
            self._process = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_die_with_parent)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BenchError(f"{self.command[0]} was not started")
        return self._process.pid

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far; 0 when it doesn't run."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return 0.0
        fields = text[text.rindex(")") + 2:].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def resident_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BenchError(f"process {self.pid} has ended; its log is {self.log}")


def busy_seconds() -> float:
    """Time that all cores together have worked for anybody, since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / TICKS_PER_SECOND


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that are free together with the ones above them that kvnode uses; below those that the
    system hands out by itself."""
    ports: list[int] = []
    for _ in range(1000):
        port = random.randrange(11_000, 21_000)
        if port not in ports and _is_free(port) and _is_free(port + PEER_PORT_OFFSET):
            ports.append(port)
            if len(ports) == count:
                return ports
    raise BenchError(f"{count} free ports were not found between 11000 and 21000")


def wait_until(condition: Callable[[], T | None], what: str, seconds: float = 30.0,
               pause: float = 0.005) -> T:
    """The first true value of `condition`, which is tried again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BenchError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(pause)
