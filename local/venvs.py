"""Virtual environments made from lock files, each made anew only when its lock changes."""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from local.paths import ROOT, WORK


def stack_python() -> Path:
    """Return the interpreter that MiniStack itself runs on."""
    return ensure(WORK / "stack-venv", ROOT / "requirements-stack.txt")


def runtime_python() -> Path:
    """Return the interpreter of local Lambdas: it sees what AWS's runtime brings, no more."""
    return ensure(WORK / "runtime-venv", ROOT / "requirements-runtime.txt")


def sam_python() -> Path:
    """Return the interpreter of SAM CLI, whose pins fit no other environment."""
    return ensure(WORK / "sam-venv", ROOT / "requirements-sam.txt")


def ensure(folder: Path, lock: Path) -> Path:
    """Return the Python of `folder`, (re)made if `lock` or the interpreter changed."""
    python, stamp = folder / "bin" / "python", folder / "made-from"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            install(python, ["--require-hashes", "-r", str(lock)])
            stamp.write_text(wanted)
    return python


def install(python: Path, arguments: Sequence[str]) -> None:
    """Install into `python`'s environment: by uv where it is at hand, else by pip."""
    uv = Path(sys.executable).with_name("uv")
    fast = [str(uv), "pip", "install", "--quiet", "--python", str(python), *arguments]
    if uv.exists() and subprocess.run(fast, check=False, capture_output=True).returncode == 0:
        return
    # Only pip reads the user's own pip configuration (a mirror, a proxy, a certificate).
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, *arguments], check=True)
