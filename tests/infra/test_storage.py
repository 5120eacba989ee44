"""Finds a table or bucket that is open, unencrypted, or lost by a slip."""

from typing import Any

from local.policies import Resources
from tests.infra.find import of_type, refers
from trueup.domain import exports
from trueup.usecases.replays.starting import REPLAYED_DAYS
from trueup.usecases.retention import KEPT_DAYS

IN_PRODUCTION = {"Fn::If": ["IsProd", True, False]}


def test_tables_are_on_demand_and_encrypted(written: Resources) -> None:
    for name, table in of_type(written, "AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"] == {"SSEEnabled": True}, name


def test_tables_can_be_restored_and_not_be_deleted_in_production(
    template: dict[str, Any], written: Resources
) -> None:
    assert template["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    for name, table in of_type(written, "AWS::DynamoDB::Table").items():
        recovery = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert recovery == IN_PRODUCTION, name
        assert table["DeletionProtectionEnabled"] == IN_PRODUCTION, name


def test_data_outlives_the_stack(written: Resources) -> None:
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Cognito::UserPool"}
    for name, resource in written.items():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == "Retain", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_pages_are_never_removed_by_a_clock(written: Resources) -> None:
    assert "TimeToLiveSpecification" not in written["PagesTable"]["Properties"]


def test_buckets_are_private_and_encrypted(written: Resources) -> None:
    for name, bucket in of_type(written, "AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        rules = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}], name
        assert bucket["OwnershipControls"] == {
            "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }


def test_buckets_do_not_grow_for_ever(written: Resources) -> None:
    for name, bucket in of_type(written, "AWS::S3::Bucket").items():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert all(rule["Status"] == "Enabled" for rule in rules), name
        assert any("ExpirationInDays" in rule for rule in rules), name
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules), name


def test_evidence_is_kept_for_as_long_as_runs_can_be_replayed(
    template: dict[str, Any], written: Resources
) -> None:
    rules = written["EvidenceBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {"Fn::FindInMap": ["ByStage", {"Ref": "Stage"}, "EvidenceDays"]}
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {"runs/": days, "replays/": days}
    for stage, values in template["Mappings"]["ByStage"].items():
        assert values["EvidenceDays"] > KEPT_DAYS > REPLAYED_DAYS, stage


def test_exports_are_kept_for_as_long_as_the_history_says(written: Resources) -> None:
    rules = written["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {"files/": exports.KEPT_DAYS, "frozen/": exports.KEPT_DAYS}
    assert exports.RETRIABLE.days < exports.KEPT_DAYS


def test_every_bucket_refuses_plain_http(template: dict[str, Any], written: Resources) -> None:
    assert template["Conditions"]["SpeaksTls"] == {"Fn::Not": [{"Condition": "IsLocal"}]}
    policies = of_type(written, "AWS::S3::BucketPolicy")
    guarded = {refers(policy["Bucket"])[0]: policy for policy in policies.values()}
    assert set(guarded) == set(of_type(written, "AWS::S3::Bucket"))
    for bucket, policy in guarded.items():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Action"] == "s3:*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"] == [
            {"Fn::GetAtt": [bucket, "Arn"]},
            {"Fn::Sub": f"${{{bucket}.Arn}}/*"},
        ]


def test_queues_are_encrypted_and_take_only_their_rule(written: Resources) -> None:
    queues = of_type(written, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    policies = of_type(written, "AWS::SQS::QueuePolicy").values()
    # What movements come by is sent to by whom IAM lets, and by the queue before it.
    own = {"MovementsQueue", "MovementsDeadLetters"}
    assert {refers(policy["Queues"])[0] for policy in policies} == set(queues) - own
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert refers(statement["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_uploads_come_from_one_origin_by_post(written: Resources) -> None:
    (rule,) = written["ImportsBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert rule["AllowedOrigins"] == [{"Ref": "AllowedOrigin"}]


def test_movements_come_again_a_few_times_and_then_are_kept_apart(written: Resources) -> None:
    queue = written["MovementsQueue"]["Properties"]
    redrive = queue["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["MovementsDeadLetters", "Arn"]}
    assert redrive["maxReceiveCount"] >= 5
    dead = written["MovementsDeadLetters"]["Properties"]
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    seconds = written["TakeMovementsFunction"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * seconds
    mapping = written["MovementsMapping"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["FunctionName"] == {"Ref": "TakeMovementsFunction.Alias"}
