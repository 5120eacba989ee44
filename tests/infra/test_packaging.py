"""Finds a bundle that lacks something, and a local Lambda that would not miss it."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from local import packaging, venvs
from local.paths import ROOT

LAYER = ROOT / "layers" / "trueup"


@pytest.fixture(scope="module")
def layer() -> list[str]:
    with zipfile.ZipFile(packaging.build_layer(LAYER)) as archive:
        return archive.namelist()


def test_the_layer_holds_the_package_and_what_it_needs(layer: list[str]) -> None:
    sources = {f"python/{file.relative_to(LAYER)}" for file in LAYER.glob("trueup/**/*.py")}
    assert sources <= set(layer)
    assert "python/pydantic/__init__.py" in layer
    assert "python/numpy/__init__.py" in layer


def test_everything_is_compiled(layer: list[str]) -> None:
    compiled = {name for name in layer if name.endswith(".pyc")}
    for module in ("trueup/__init__", "pydantic/main", "numpy/_core/numeric"):
        folder, name = module.rsplit("/", 1)
        assert [
            entry for entry in compiled if entry.startswith(f"python/{folder}/__pycache__/{name}.")
        ]


def test_nothing_is_built_twice() -> None:
    first = packaging.build_layer(LAYER)
    written = first.stat().st_mtime_ns
    assert packaging.build_layer(LAYER) == first
    assert first.stat().st_mtime_ns == written


def test_a_changed_source_is_another_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging, "ROOT", tmp_path)
    monkeypatch.setattr(packaging, "BUILD", tmp_path / "build")
    source = tmp_path / "function"
    source.mkdir()
    (source / "app.py").write_text("one = 1\n")
    first = packaging.build_function(source)
    (source / "app.py").write_text("one = 2\n")
    second = packaging.build_function(source)
    assert first != second
    with zipfile.ZipFile(second) as archive:
        assert archive.read("app.py") == b"one = 2\n"


@pytest.mark.parametrize("module", ["pydantic", "ministack", "numpy", "trueup"])
def test_the_local_runtime_has_only_what_the_real_one_has(module: str) -> None:
    command = [str(venvs.runtime_python()), "-c", f"import boto3; import {module}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"No module named '{module}'" in done.stderr
