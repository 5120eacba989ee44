"""For the bug where a function starts with half its settings and fails in mid-work."""

import pytest

from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_pages import DynamoDBPages
from trueup.adapters.dynamodb_registry import DynamoDBRegistry
from trueup.domain.errors import DefectError
from trueup.entry import wiring
from trueup.entry.settings import (
    FUNCTIONS,
    ApiSettings,
    CompareSettings,
    DispatchSettings,
    Settings,
    SweepSettings,
    keys_of,
    load,
)

BASIC = {"STAGE": "test", "POWERTOOLS_SERVICE_NAME": "x", "LOG_LEVEL": "INFO"}
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:trueup"
GIVEN = BASIC | {
    "REGISTRY_TABLE": "registry",
    "AUDIT_TABLE": "audit",
    "LEDGER_TABLE": "ledger",
    "PAGES_TABLE": "pages",
    "MEMBERS_TABLE": "members",
    "EVIDENCE_BUCKET": "evidence",
    "IMPORTS_BUCKET": "imports",
    "EXPORTS_BUCKET": "exports",
    "RECONCILE_ARN": f"{MACHINE}-reconcile",
    "INGEST_ARN": f"{MACHINE}-ingest",
    "REPLAY_ARN": f"{MACHINE}-replay",
    "EXPORT_ARN": f"{MACHINE}-export",
    "PLAN_FORCE_ARN": f"{MACHINE}-plan-force",
    "FORCE_ARN": f"{MACHINE}-force",
    "CHANNEL_FUNCTION_PREFIX": "trueup-channel-",
    "USER_POOL_CLIENT_ID": "client",
}


@pytest.mark.parametrize("kind", FUNCTIONS.values())
def test_a_function_needs_each_of_its_keys_and_no_other(kind: type[Settings]) -> None:
    own = {key: value for key, value in GIVEN.items() if key in keys_of(kind)}
    settings = load(kind, own | {"PATH": "/bin"})
    assert set(settings.model_dump(by_alias=True)) == keys_of(kind)
    for key in own:
        with pytest.raises(DefectError, match=f"{key} is missing"):
            load(kind, {other: own[other] for other in own if other != key})


def test_everything_missing_or_wrong_is_named_at_once() -> None:
    environment = {**GIVEN, "PAGES_TABLE": "", "RECONCILE_ARN": "secret-value"}
    del environment["REGISTRY_TABLE"], environment["STAGE"]
    with pytest.raises(DefectError) as caught:
        load(ApiSettings, environment)
    for said in ("REGISTRY_TABLE is missing", "STAGE is missing", "PAGES_TABLE is wrong"):
        assert said in str(caught.value)
    assert "RECONCILE_ARN is wrong" in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(DispatchSettings, GIVEN).stage = "other"


def wired(kind: type[Settings]) -> wiring.Wiring:
    return wiring.Wiring(load(kind, GIVEN), Clients(region_name="us-east-1"))


def test_a_seller_s_ports_are_that_seller_s_and_share_a_meter() -> None:
    made = wired(CompareSettings)
    work = made.work("acme")
    assert isinstance(work.registry, DynamoDBRegistry)
    assert isinstance(work.pages, DynamoDBPages)
    assert work.seller == "acme"
    assert work.meter is made.meter
    assert wired(CompareSettings).meter is not made.meter


def test_a_port_that_was_not_given_says_so_when_it_is_used() -> None:
    work = wired(DispatchSettings).work("acme")
    with pytest.raises(DefectError, match="no PAGES_TABLE"):
        work.pages.list("book")
    with pytest.raises(DefectError, match="no CHANNEL_FUNCTION_PREFIX"):
        work.channels.exists("file")
    with pytest.raises(DefectError, match="no RECONCILE_ARN"):
        wired(DispatchSettings).plant().machines.status("reconcile", "x")
    with pytest.raises(DefectError, match="no IMPORTS_BUCKET"):
        wired(SweepSettings).ingest("acme").files.get("x")


def test_settings_and_clients_are_made_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in GIVEN.items():
        monkeypatch.setenv(key, value)
    wiring.settings_of.cache_clear()
    try:
        one, two = wiring.wiring(DispatchSettings), wiring.wiring(DispatchSettings)
    finally:
        wiring.settings_of.cache_clear()
    assert one.settings is two.settings
    assert one.clients is two.clients
    assert one.meter is not two.meter
