"""Finds a permission that nobody meant to give."""

import json

from local.policies import GOLDEN, Resources, roles

# Actions that know no narrower resource, as the template says where it gives them.
UNBOUNDED = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}


def test_permissions_are_those_reviewed(expanded: Resources) -> None:
    assert roles(expanded) == json.loads(GOLDEN.read_text()), "wanted? then run `make policies`"


def test_no_action_is_a_wildcard_and_no_resource_is_everything(expanded: Resources) -> None:
    for role, what in roles(expanded).items():
        for line in what["allows"]:
            _, action, _, resource, *_ = line.split()
            assert "*" not in action, f"{role}: {line}"
            assert resource != "*" or action in UNBOUNDED, f"{role}: {line}"


def test_every_function_has_a_role_of_its_own(expanded: Resources) -> None:
    taken = [
        json.dumps(resource["Properties"]["Role"])
        for resource in expanded.values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert len(taken) == len(set(taken)) > 0


def test_only_the_token_trigger_reads_members(expanded: Resources) -> None:
    assert roles_touching("${MembersTable.Arn}", expanded) == {"PreTokenFunctionRole"}


def test_only_its_connector_touches_a_channels_own_store(expanded: Resources) -> None:
    assert roles_touching("${SandboxTable.Arn}", expanded) == {"SandboxChannelFunctionRole"}
    assert roles_touching("${DropBucket.Arn}", expanded) == {"FileChannelFunctionRole"}
    assert roles_touching(":secret:", expanded) == {"VendureChannelFunctionRole"}


def test_connectors_touch_nothing_of_the_core(expanded: Resources) -> None:
    for store in ("RegistryTable", "PagesTable", "EvidenceBucket", "ImportsBucket"):
        touching = roles_touching(f"${{{store}.Arn}}", expanded)
        assert not [role for role in touching if "Channel" in role]


def roles_touching(part: str, expanded: Resources) -> set[str]:
    return {
        role
        for role, what in roles(expanded).items()
        if any(part in line for line in what["allows"])
    }
