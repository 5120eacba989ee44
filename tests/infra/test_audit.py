"""Finds a way to take something out of the audit trail, and an alert that reaches nobody."""

import re

from local.policies import Resources, roles
from tests.infra.find import of_type, refers
from trueup.domain import notices

HARMLESS = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}


def actions_on(table: str, expanded: Resources) -> dict[str, set[str]]:
    """What each role may do with a table, by role."""
    line = re.compile(rf"Allow (\S+) on \$\{{{table}\.Arn\}}")
    found = {
        role: {match[1] for text in what["allows"] if (match := line.match(text))}
        for role, what in roles(expanded).items()
    }
    return {role: actions for role, actions in found.items() if actions}


def test_no_function_can_delete_or_update_in_the_trail(expanded: Resources) -> None:
    found = actions_on("AuditTable", expanded)
    assert {"ApiFunctionRole", "ApplyImportFunctionRole"} <= set(found)
    for role, actions in found.items():
        assert actions <= HARMLESS, role


def test_no_role_reaches_all_tables_at_once(expanded: Resources) -> None:
    for role, what in roles(expanded).items():
        wide = [line for line in what["allows"] if "dynamodb:" in line and line.endswith("*")]
        assert wide == [], role


def test_nothing_in_the_trail_expires(written: Resources) -> None:
    assert "TimeToLiveSpecification" not in written["AuditTable"]["Properties"]


def test_the_rule_matches_the_events_that_are_sent_and_may_publish(written: Resources) -> None:
    rule = written["ThresholdTurned"]["Properties"]
    assert rule["EventPattern"] == {
        "source": ["trueup"],
        "detail-type": [notices.CROSSED, notices.CLEARED],
    }
    (policy,) = of_type(written, "AWS::SNS::TopicPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sns:Publish"
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert refers(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == ["ThresholdTurned"]


def test_mail_and_webhook_are_there_when_they_are_asked_for(written: Resources) -> None:
    found = of_type(written, "AWS::SNS::Subscription")
    assert {name: one["Protocol"] for name, one in found.items()} == {
        "AlertsMail": "email",
        "AlertsWebhook": "https",
    }
    assert written["AlertsMail"]["Condition"] == "AlertsByMail"
    assert written["AlertsWebhook"]["Condition"] == "AlertsByWebhook"
