"""`python -m local.policies`: what every role of the template may do, expanded and sorted.

tests/infra/policies.json keeps it, so that a wider permission shows in review, wherever it comes
from: the template, a policy it shares, or SAM.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from local import templates, venvs
from local.paths import TEMPLATE

GOLDEN: Final = Path(__file__).resolve().parent.parent / "tests" / "infra" / "policies.json"
_SOURCES: Final = ("CodeUri", "ContentUri", "DefinitionUri")
_TRANSFORM: Final = """
import json, sys
from samtranslator.translator.transform import transform
class Loader:
    def load(self): return {}
print(json.dumps(transform(json.load(sys.stdin), {}, Loader())))
"""
Resources = dict[str, dict[str, Any]]
Roles = dict[str, dict[str, list[str]]]


def expanded() -> Resources:
    """Return the template's resources as CloudFormation sees them, by SAM's own translator."""
    template = templates.load(TEMPLATE)
    for resource in template["Resources"].values():
        for key in _SOURCES:
            if key in resource["Properties"]:
                resource["Properties"][key] = {"Bucket": "bucket", "Key": "key"}
    done = subprocess.run(
        [str(venvs.stack_python()), "-W", "ignore", "-c", _TRANSFORM],
        input=json.dumps(template),
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    resources: Resources = json.loads(done.stdout)["Resources"]
    return resources


def roles(resources: Resources) -> Roles:
    """Return by role who may take it, AWS's policies it has, and what it allows on what."""
    return {
        name: {
            "trusts": sorted(_principals(resource["Properties"])),
            "managed": sorted(_managed(resource["Properties"])),
            "allows": sorted(set(_allows(resource["Properties"], resources))),
        }
        for name, resource in sorted(resources.items())
        if resource["Type"] == "AWS::IAM::Role"
    }


def _principals(role: dict[str, Any]) -> Iterator[str]:
    for statement in role["AssumeRolePolicyDocument"]["Statement"]:
        yield from _each(statement["Principal"]["Service"])


def _managed(role: dict[str, Any]) -> Iterator[str]:
    yield from (_text(arn) for arn in role.get("ManagedPolicyArns", []) if "Ref" not in arn)


def _allows(role: dict[str, Any], resources: Resources) -> Iterator[str]:
    for policy in role.get("Policies", []):
        yield from _lines(policy["PolicyDocument"])
    for arn in role.get("ManagedPolicyArns", []):
        if "Ref" in arn:
            yield from _lines(resources[arn["Ref"]]["Properties"]["PolicyDocument"])


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for statement in _each(document["Statement"]):
        condition = statement.get("Condition")
        suffix = f" if {json.dumps(condition, sort_keys=True)}" if condition else ""
        for action in _each(statement["Action"]):
            for resource in _each(statement["Resource"]):
                yield f"{statement['Effect']} {action} on {_text(resource)}{suffix}"


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"${{{value['Ref']}}}"
    if "Fn::GetAtt" in value:
        return f"${{{'.'.join(value['Fn::GetAtt'])}}}"
    return str(value["Fn::Sub"])


def main() -> int:
    """Print the roles as the golden file has them."""
    print(json.dumps(roles(expanded()), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
