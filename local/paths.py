"""Where things are: the repository, and the ignored folder that local runs write to."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
WORK = ROOT / ".trueup"
BUILD = WORK / "build"
STATE = WORK / "state"
