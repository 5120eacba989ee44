"""Finds what CloudFormation, SAM or Step Functions would refuse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import asl, venvs
from local.paths import ROOT, TEMPLATE
from local.policies import Resources
from tests.infra.find import of_type

LAMBDA_PYTHON = "python3.13"


def run(*command: str, path: str = "") -> str:
    """Run a tool to its end and return what it printed; its failure is the test's."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    environment["PATH"] = os.pathsep.join(filter(None, [path, environment["PATH"]]))
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def sam() -> str:
    return str(venvs.sam_python().with_name("sam"))


@pytest.fixture(scope="session")
def lambda_python() -> Path:
    """The folder of the Python that the functions run on; in CI it must be there."""
    found = next((folder for folder in candidates() if starts(folder / LAMBDA_PYTHON)), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"`sam build` needs {LAMBDA_PYTHON}, which is not installed")
    assert found is not None, f"`sam build` needs {LAMBDA_PYTHON}"
    return found


def candidates() -> list[Path]:
    on_path = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [*on_path, *sorted(pyenv.glob("3.13*/bin"), reverse=True)]


def starts(python: Path) -> bool:
    # A pyenv shim is there for versions that are not switched on, too.
    command = [str(python), "--version"]
    return (
        python.exists()
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def test_cfn_lint_finds_nothing() -> None:
    assert run(str(Path(sys.executable).with_name("cfn-lint")), str(TEMPLATE)) == ""


@pytest.mark.parametrize("file", asl.definitions(), ids=lambda file: file.name)
def test_state_machines_are_in_the_language(file: Path) -> None:
    assert asl.faults(file.read_text()) == []


def test_a_fault_of_a_state_machine_is_found() -> None:
    wrong = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Secnds": 1, "End": True}}}
    assert any("Secnds" in fault for fault in asl.faults(json.dumps(wrong)))


@pytest.mark.slow
def test_sam_finds_the_template_valid(sam: str) -> None:
    assert "is a valid SAM Template" in run(sam, "validate", "--lint", "-t", str(TEMPLATE))


@pytest.mark.slow
def test_sam_builds_every_function_and_the_whole_layer(
    sam: str, lambda_python: Path, tmp_path: Path, written: Resources
) -> None:
    run(sam, "build", "--no-cached", "--build-dir", str(tmp_path), path=str(lambda_python))
    for name in of_type(written, "AWS::Serverless::Function"):
        assert (tmp_path / name / "app.py").is_file()
    layer = tmp_path / "TrueupLayer" / "python"
    source = ROOT / "layers" / "trueup" / "trueup"
    for module in source.rglob("*.py"):
        assert (layer / module.relative_to(source.parent)).is_file()
    for package in ("msgspec", "numpy", "pydantic", "pynamodb", "zstandard"):
        assert (layer / package).is_dir(), package
    assert list(layer.glob("msgspec/*aarch64*.so")), "built for another processor than deployed"
