"""Look things up in a template's resources."""

from typing import Any

from local.policies import Resources


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical name; there must be some."""
    found = {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == kind
    }
    assert found, kind
    return found


def refers(value: Any) -> list[str]:
    """Return the logical names that a value refers to by Ref or GetAtt, in order."""
    if isinstance(value, list):
        return [name for entry in value for name in refers(entry)]
    if not isinstance(value, dict):
        return []
    if "Ref" in value:
        return [value["Ref"].split(".")[0]]
    if "Fn::GetAtt" in value:
        return [value["Fn::GetAtt"][0]]
    return [name for entry in value.values() for name in refers(entry)]
