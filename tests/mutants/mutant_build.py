"""A kvsim whose core has one bug more, built beside the tree.

The core is copied and patched. What the patch changes is compiled with the very commands of the
tree's own build, and linked in front of the tree's libraries: the linker takes these objects and
leaves the libraries' own versions of them alone.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from museum import ROOT, Mutant, MuseumError

COMPILE_SECONDS = 600
LIBRARIES = ("kv_core", "kv_trace", "kv_netsim", "kv_rehearsal", "kvsim")


@dataclass(frozen=True)
class Unit:
    """A source file that becomes a part of kvsim."""
    source: Path
    object: str        # relative to the build's folder
    command: list[str]


class Tree:
    """The build that mutants are linked with. It must be up to date."""

    def __init__(self, build: Path) -> None:
        self.build = build.resolve()
        if not (self.build / "build.ninja").is_file():
            raise MuseumError(f"{build} is no build with Ninja: run ./kv build")
        entries = json.loads(self._ninja("compdb"))
        self.units = [Unit(Path(entry["file"]), entry["output"], shlex.split(entry["command"]))
                      for entry in entries if _part_of_kvsim(entry.get("output", ""))]
        self.link = self._link_command()
        self.program = self.build / "bin/kvsim"

    def users_of(self, header: Path) -> list[Unit]:
        """All that must be compiled again when a header changes."""
        users: set[str] = set()
        current = ""
        for line in self._ninja("deps").splitlines():
            if line and not line.startswith(" "):
                current = line.split(":", 1)[0]
            elif line.strip() and (self.build / line.strip()).resolve() == header:
                users.add(current)
        return [unit for unit in self.units if unit.object in users]

    def units_of(self, source: Path) -> list[Unit]:
        return [unit for unit in self.units if unit.source == source]

    def _link_command(self) -> list[str]:
        last = self._ninja("commands", "bin/kvsim").splitlines()[-1]
        return shlex.split(last.removeprefix(": && ").removesuffix(" && :"))

    def _ninja(self, tool: str, *arguments: str) -> str:
        return _run(["ninja", "-C", str(self.build), "--quiet", "-t", tool, *arguments], self.build)


def _part_of_kvsim(output: str) -> bool:
    return any(f"/{library}.dir/" in output for library in LIBRARIES)


def build_mutant(tree: Tree, mutant: Mutant, folder: Path) -> Path:
    """Returns the program. `folder` is this mutant's own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "core", folder / "core")
    _apply(mutant, folder)
    changed = [path.relative_to(folder) for path in _files(folder / "core")
               if path.read_bytes() != (ROOT / path.relative_to(folder)).read_bytes()]
    units: dict[str, Unit] = {}
    for path in changed:
        source = ROOT / path
        users = tree.users_of(source) if path.suffix == ".h" else tree.units_of(source)
        units.update({unit.object: unit for unit in users})
    if not units:
        raise MuseumError(f"{mutant.patch.name} changes nothing that kvsim is made of")
    objects = {name: _compile(tree, unit, folder) for name, unit in sorted(units.items())}
    return _link(tree, objects, folder)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def check_applies(mutant: Mutant) -> None:
    _apply(mutant, ROOT, "--check")


def _apply(mutant: Mutant, folder: Path, *options: str) -> None:
    # Within another repository git would look for the files there.
    no_repository = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(["git", "apply", "--whitespace=nowarn", *options, str(mutant.patch)],
                          cwd=folder, env=no_repository, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise MuseumError(f"{mutant.patch.name} no longer applies to the core, make it anew: "
                          f"{done.stderr.strip()}")


def _compile(tree: Tree, unit: Unit, folder: Path) -> Path:
    output = folder / unit.object
    output.parent.mkdir(parents=True, exist_ok=True)
    command: list[str] = []
    for argument in unit.command:
        if argument == unit.object:
            argument = str(output)
        elif argument == f"{unit.object}.d":
            argument = f"{output}.d"
        elif argument.startswith((f"-I{ROOT}/core", f"{ROOT}/core")):
            argument = argument.replace(f"{ROOT}/core", f"{folder}/core")
        command.append(argument)
    _run(command, tree.build)
    return output


def _link(tree: Tree, objects: dict[str, Path], folder: Path) -> Path:
    program = folder / "kvsim"
    left = dict(objects)
    command: list[str] = []
    for argument in tree.link:
        if argument == "-o":
            command += [str(left.pop(name)) for name in sorted(left)]
        command.append(str(left.pop(argument)) if argument in left else argument)
    command[command.index("-o") + 1] = str(program)
    _run(command, tree.build)
    return program


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          timeout=COMPILE_SECONDS)
    if done.returncode != 0:
        raise MuseumError(f"{shlex.join(command)[:300]} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
