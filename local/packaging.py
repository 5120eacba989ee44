"""Build what `sam build` builds, for the interpreter at hand, without SAM CLI.

The layer is `python/` with its locked requirements and the package; a function is its folder with
its own requirements. Everything is compiled, since a bundle without .pyc starts four times slower,
and named by the hash of what went in, so that nothing is built twice.
"""

import compileall
import hashlib
import os
import platform
import py_compile
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from local import venvs
from local.paths import BUILD, ROOT

_SKIPPED = ("__pycache__", ".*")  # left behind by tools
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that bundles of equal content are equal files


def build_layer(source: Path) -> Path:
    """Return the zip of the layer in `source`."""
    return _bundle(source, prefix="python/")


def build_function(source: Path) -> Path:
    """Return the zip of the function in `source`."""
    return _bundle(source, prefix="")


def build_definition(source: Path) -> Path:
    """Return a copy of the state machine's definition, named by its content."""
    name = f"{source.name.split('.')[0]}-{_digest([source], source.parent)}.asl.json"
    return _once(BUILD / name, lambda target: target.write_bytes(source.read_bytes()))


def _bundle(source: Path, prefix: str) -> Path:
    name = "-".join(source.resolve().relative_to(ROOT).parts)
    digest = _digest(_files(source), source)
    dependencies = _dependencies(source / "requirements.txt")

    def build(target: Path) -> None:
        with TemporaryDirectory(dir=BUILD) as scratch:
            own = Path(scratch) / "own"
            shutil.copytree(source, own, ignore=shutil.ignore_patterns(*_SKIPPED))
            _compile(own)
            _zip([*([dependencies] if dependencies else []), own], prefix, target)

    return _once(BUILD / f"{name}-{digest}.zip", build)


def _dependencies(lock: Path) -> Path | None:
    """Return a folder with the locked requirements installed, or None if there are none."""
    if not lock.exists():
        return None

    def build(target: Path) -> None:
        venvs.install(
            Path(sys.executable), ["--target", str(target), "--require-hashes", "-r", str(lock)]
        )
        _compile(target)

    return _once(BUILD / f"requirements-{_digest([lock], lock.parent)}", build)


def _once(target: Path, build: Callable[[Path], object]) -> Path:
    """Return `target`, built beside itself and renamed, so that half of one is never seen."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILD / "lock"):
        if not target.exists():
            with TemporaryDirectory(dir=BUILD) as scratch:
                build(Path(scratch) / target.name)
                (Path(scratch) / target.name).rename(target)
    return target


def _digest(files: list[Path], base: Path) -> str:
    content = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
    for file in files:
        content.update(f"\0{file.relative_to(base)}\0".encode())
        content.update(file.read_bytes())
    return content.hexdigest()[:20]


def _compile(folder: Path) -> None:
    # Unchecked, since unpacking gives every source a new time.
    compileall.compile_dir(
        folder,
        quiet=2,
        workers=os.cpu_count() or 1,
        stripdir=str(folder),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _zip(folders: list[Path], prefix: str, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for folder in folders:
            for file in _files(folder, skipped=()):
                entry = zipfile.ZipInfo(f"{prefix}{file.relative_to(folder)}", _EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def _files(folder: Path, skipped: tuple[str, ...] = _SKIPPED) -> list[Path]:
    return sorted(_walk(folder, skipped))


def _walk(folder: Path, skipped: tuple[str, ...]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in skipped):
            continue
        if path.is_dir():
            yield from _walk(path, skipped)
        else:
            yield path
