"""`python -m local.asl`: check each state machine against the Amazon States Language.

cfn-lint knows the language but reads no definition in a file of its own, so each is wrapped into a
template with its substitutions filled in.
"""

import json
import re
import sys
from pathlib import Path

from cfnlint.api import lint_all  # type: ignore[import-untyped]

from local.paths import ROOT

_ARN = "arn:aws:lambda:us-east-1:000000000000:function:example:1"


def faults(definition: str) -> list[str]:
    """Return what is wrong with a definition; nothing, if it is right."""
    filled = re.sub(r"\$\{[A-Za-z]+Arn\}", _ARN, definition)
    filled = re.sub(r"\$\{[A-Za-z]+\}", "example", filled)
    properties = {"RoleArn": "arn:aws:iam::000000000000:role/example", "DefinitionString": filled}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    matches = lint_all(json.dumps({"Resources": {"Machine": machine}}))
    return [match.message for match in matches if match.rule.severity == "error"]


def main() -> int:
    """Print every fault of every definition; 1 if there is any."""
    found = [
        f"{file.relative_to(ROOT)}: {fault}"
        for file in definitions()
        for fault in faults(file.read_text())
    ]
    print("\n".join(found) or "State machines: no faults.")
    return bool(found)


def definitions() -> list[Path]:
    """Return the state machines' files."""
    return sorted((ROOT / "statemachines").glob("*.asl.json"))


if __name__ == "__main__":
    sys.exit(main())
