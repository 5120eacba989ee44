"""Finds a permission that nobody meant to give."""

import json
import re

import pytest

from local.paths import ROOT
from local.policies import GOLDEN, Resources, roles
from tests.infra.find import of_type, refers

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

MOST_MANAGED = 10


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


def test_no_role_has_more_managed_policies_than_aws_attaches(expanded: Resources) -> None:
    """Ten a role without asking for more; the embedded stack attaches any number."""
    counts = {
        name: len(resource["Properties"].get("ManagedPolicyArns", []))
        for name, resource in expanded.items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert not {name: count for name, count in counts.items() if count > MOST_MANAGED}


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


# What a state machine's role needs for the services its states call. The embedded stack does not
# hold state machines to their roles, so this is where a missing right is found.
RECONCILE = r"(\$\{ReconcileMachine\}|\S+:stateMachine:\$\{AWS::StackName\}-(reconcile|force))"
NEEDED = {
    "s3:getObject": re.compile(
        r"Allow s3:GetObject on \$\{EvidenceBucket\.Arn\}/(runs|replays)/\*"
    ),
    "states:startExecution": re.compile(rf"Allow states:StartExecution on {RECONCILE}"),
}


def test_a_state_machine_may_do_all_that_its_states_do(
    written: Resources, expanded: Resources
) -> None:
    for name, machine in of_type(written, "AWS::Serverless::StateMachine").items():
        text = (ROOT / machine["DefinitionUri"]).read_text()
        allowed = roles(expanded)[f"{name}Role"]["allows"]
        for service in set(re.findall(r"arn:aws:states:::([\w:]+)", text)) - {"lambda:invoke"}:
            assert any(map(NEEDED[service].fullmatch, allowed)), f"{name}: {service}"


@pytest.mark.parametrize("machine", ["Reconcile", "Replay"])
def test_a_distributed_map_may_start_watch_and_stop_its_children(
    expanded: Resources, machine: str
) -> None:
    allowed = " ".join(roles(expanded)[f"{machine}MachineRole"]["allows"])
    for action in ("StartExecution", "DescribeExecution", "StopExecution"):
        pattern = rf"Allow states:{action} on \S+:\S+-{machine.lower()}"
        assert re.search(pattern, allowed), action


def test_replays_write_nothing_but_their_own_objects(expanded: Resources) -> None:
    for function in ("PlanReplay", "ReplayRange", "CloseReplay"):
        lines = roles(expanded)[f"{function}FunctionRole"]["allows"]
        for line in lines:
            if "PagesTable" in line:
                assert "dynamodb:BatchGetItem" in line
            if "s3:Put" in line or "s3:Delete" in line:
                assert line.endswith("${EvidenceBucket.Arn}/replays/*"), line
    ranges = roles(expanded)["ReplayRangeFunctionRole"]["allows"]
    assert not [line for line in ranges if "RegistryTable" in line and "Put" in line]


def test_exported_files_are_written_by_their_function_and_listed_by_nobody(
    expanded: Resources,
) -> None:
    found = {
        (role, line.split()[1], line.rsplit("/", 2)[-2])
        for role, what in roles(expanded).items()
        for line in what["allows"]
        if "${ExportsBucket.Arn}" in line
    }
    assert found == {
        ("ApiFunctionRole", "s3:GetObject", "files"),
        ("ApiFunctionRole", "s3:PutObject", "frozen"),
        ("ExportFunctionRole", "s3:GetObject", "frozen"),
        ("ExportFunctionRole", "s3:PutObject", "files"),
        ("ExportFunctionRole", "s3:AbortMultipartUpload", "files"),
    }


def test_whoever_calls_a_function_is_let_in(written: Resources) -> None:
    """By alias: a permission on the bare function does not cover it."""
    let_in = {
        (permission["FunctionName"]["Ref"], permission["Principal"])
        for permission in of_type(written, "AWS::Lambda::Permission").values()
    }
    assert let_in == {
        ("ApiFunction.Alias", "apigateway.amazonaws.com"),
        ("PreTokenFunction.Alias", "cognito-idp.amazonaws.com"),
        ("SweepFunction.Alias", "events.amazonaws.com"),
        ("FinaliseFunction.Alias", "events.amazonaws.com"),
        ("CloseLedgerFunction.Alias", "events.amazonaws.com"),
        ("AttendFunction.Alias", "events.amazonaws.com"),
    }
    for permission in of_type(written, "AWS::Lambda::Permission").values():
        assert refers(permission["SourceArn"]) or "Fn::Sub" in permission["SourceArn"]
