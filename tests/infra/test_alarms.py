"""Finds an alarm that can never fire, and a failure that no alarm sees."""

from typing import Any

import pytest

from local.policies import Resources
from tests.infra.find import of_type, refers

# What AWS emits, as its documentation lists it: the dimension, and what its value must be of.
EMITTED = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/States", "ExecutionsFailed"): ("StateMachineArn", "AWS::Serverless::StateMachine"),
    ("AWS/States", "ExecutionsTimedOut"): ("StateMachineArn", "AWS::Serverless::StateMachine"),
    ("AWS/Lambda", "Errors"): ("FunctionName", "AWS::Serverless::Function"),
    ("AWS/ApiGateway", "5xx"): ("ApiId", "AWS::ApiGatewayV2::Api"),
}
ATTRIBUTE = {"AWS::SQS::Queue": "QueueName"}


@pytest.fixture(scope="session")
def alarms(written: Resources) -> dict[str, dict[str, Any]]:
    return of_type(written, "AWS::CloudWatch::Alarm")


def test_every_alarm_watches_what_is_really_emitted(
    alarms: dict[str, dict[str, Any]], written: Resources
) -> None:
    for name, alarm in alarms.items():
        dimension, kind = EMITTED[alarm["Namespace"], alarm["MetricName"]]
        (given,) = alarm["Dimensions"]
        assert given["Name"] == dimension, name
        (target,) = refers(given["Value"])
        assert written[target]["Type"] == kind, name
        if kind in ATTRIBUTE:  # its Ref is not what the dimension holds
            assert given["Value"] == {"Fn::GetAtt": [target, ATTRIBUTE[kind]]}, name


def test_alarms_fire_at_the_first_failure_and_tell_the_topic(
    alarms: dict[str, dict[str, Any]],
) -> None:
    for name, alarm in alarms.items():
        age = alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
        assert alarm["Threshold"] == (900 if age else 1), name
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", name
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert "AlarmTopicArn" in refers(alarm["AlarmActions"]), name
        gauge = alarm["Namespace"] == "AWS/SQS"
        assert alarm["Statistic"] == ("Maximum" if gauge else "Sum"), name


def test_every_dead_letter_queue_has_an_alarm(
    alarms: dict[str, dict[str, Any]], written: Resources
) -> None:
    assert set(of_type(written, "AWS::SQS::Queue")) <= watched(alarms)


def test_every_state_machine_has_an_alarm(
    alarms: dict[str, dict[str, Any]], written: Resources
) -> None:
    """For both ways to end badly: one that runs out of time is not counted as failed."""
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut"):
        of_metric = {name: a for name, a in alarms.items() if a["MetricName"] == metric}
        machines = set(of_type(written, "AWS::Serverless::StateMachine"))
        assert machines <= watched(of_metric), metric


def test_what_has_a_record_is_finalised_when_its_execution_ends_badly(
    written: Resources,
) -> None:
    detail = written["ExecutionEnded"]["Properties"]["EventPattern"]["detail"]
    machines = set(of_type(written, "AWS::Serverless::StateMachine"))
    assert set(refers(detail["stateMachineArn"])) == machines - {"DispatchMachine"}


def test_everything_started_by_an_event_has_a_dead_letter_queue(written: Resources) -> None:
    for name, rule in of_type(written, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            (queue,) = refers(target["DeadLetterConfig"]["Arn"])
            assert written[queue]["Type"] == "AWS::SQS::Queue", name
            (started,) = refers(target["Arn"])
            if written[started]["Type"] == "AWS::Serverless::Function":
                destination = written[started]["Properties"]["EventInvokeConfig"][
                    "DestinationConfig"
                ]["OnFailure"]
                assert refers(destination) == [queue], name


def test_every_function_and_machine_logs_to_a_group_that_forgets(written: Resources) -> None:
    groups = of_type(written, "AWS::Logs::LogGroup")
    retention = {"Fn::FindInMap": ["ByStage", {"Ref": "Stage"}, "LogDays"]}
    assert all(group["RetentionInDays"] == retention for group in groups.values())
    for function in of_type(written, "AWS::Serverless::Function").values():
        (group,) = refers(function["LoggingConfig"]["LogGroup"])
        name = function["FunctionName"]["Fn::Sub"]
        assert groups[group]["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{name}"}
    for machine in of_type(written, "AWS::Serverless::StateMachine").values():
        assert machine["Logging"]["Level"] == "ERROR"
        assert machine["Logging"]["IncludeExecutionData"] is False
        assert refers(machine["Logging"]["Destinations"])[0] in groups
        assert machine["Tracing"] == {"Enabled": True}


def watched(alarms: dict[str, dict[str, Any]]) -> set[str]:
    return {name for alarm in alarms.values() for name in refers(alarm["Dimensions"])}
