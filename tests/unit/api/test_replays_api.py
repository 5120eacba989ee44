"""For the bug where a replay is started of what cannot be replayed, or its answer misleads."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, Reply
from tests.unit.api.furnished import SKUS, Furnished, furnish
from trueup.domain.replays import Replay
from trueup.usecases.replays.starting import MAX_OPEN


@pytest.fixture
def api() -> ApiWorld:
    return ApiWorld()


@pytest.fixture
def things(api: ApiWorld) -> Furnished:
    return furnish(api, "acme", "acme")


def post(api: ApiWorld, things: Furnished, body: Any, **how: Any) -> Reply:
    account, run = things.named["account"], things.named["run"]
    return api.call("POST", f"/v1/accounts/{account}/runs/{run}/replays", body, **how)


def test_a_replay_is_started_once_for_a_key_and_shown(api: ApiWorld, things: Furnished) -> None:
    key = {"Idempotency-Key": "one"}
    made = post(api, things, {"kind": "replay"}, headers=key)
    assert made.status == 202, made.text
    assert post(api, things, {"kind": "replay"}, headers=key).body == made.body
    id_ = made.body["id"]
    event = {"schema": 1, "seller": "acme", "replay": id_}
    assert api.machines.started[-1] == ("replay", id_, event)
    assert made.headers["Location"] == f"/v1/replays/{id_}"
    shown = api.call("GET", made.headers["Location"]).body
    assert shown == made.body
    assert (shown["state"], shown["result"], shown["requested_by"]) == (
        "Pending",
        None,
        "acme-user",
    )
    newest = api.call("GET", "/v1/replays?limit=1").body
    assert [replay["id"] for replay in newest["replays"]] == [id_]
    following = api.call("GET", f"/v1/replays?cursor={newest['cursor']}").body
    assert len(following["replays"]) == 2


def test_the_rows_of_a_what_if_are_paged(api: ApiWorld, things: Furnished) -> None:
    path = f"/v1/replays/{things.named['replay']}"
    result = api.call("GET", path).body["result"]
    turn = {"before": "DIFFERS", "after": "WITHIN_TOLERANCE", "rows": 3}
    assert (result["identical"], result["changed"], result["turns"]) == (None, 3, [turn])
    first = api.call("GET", f"{path}/rows?limit=2").body
    second = api.call("GET", f"{path}/rows?limit=2&cursor={first['cursor']}").body
    rows = first["rows"] + second["rows"]
    assert [row["sku"] for row in rows] == SKUS[1:4]
    assert second["cursor"] is None
    assert rows[0]["before"] == {
        "status": "Failed",
        "outcome": "exception",
        "reason": "DIFFERS",
        "publishable": 5,
    }
    assert rows[0]["after"]["status"] == "Success"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"kind": "what_if"}, 422, "needs other terms"),
        ({"kind": "replay", "change": {"tolerance": 1}}, 422, "Only a what_if"),
        ({"kind": "what_if", "change": {"buffers": {"9": 1}}}, 422, "do not fit"),
        ({"kind": "what_if", "change": {"tolerances": [{"sku": "A"}, {"sku": "A"}]}}, 422, "fit"),
        ({"kind": "what_if", "change": {"allocation": 0}}, 422, "wrong"),
        ({"kind": "what_if", "change": {"settle_seconds": 604_801}}, 422, "wrong"),
        ({"kind": "what_if", "change": {"cap": 1}}, 422, "wrong"),
        ({"kind": "again"}, 422, "wrong"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    api: ApiWorld, things: Furnished, body: Any, status: int, detail: str
) -> None:
    reply = post(api, things, body)
    assert reply.status == status, reply.text
    assert "replay" not in [machine for machine, *_ in api.machines.started]
    assert detail in reply.body["detail"]


def test_a_run_without_its_evidence_is_a_conflict(api: ApiWorld, things: Furnished) -> None:
    plan = f"runs/acme/{things.named['account']}/{things.named['run']}/plan.json"
    api.evidence.delete([plan])
    reply = post(api, things, {"kind": "replay"})
    assert reply.status == 409
    assert "no longer kept" in reply.body["detail"]


def test_too_many_at_once_are_a_conflict(api: ApiWorld, things: Furnished) -> None:
    for _ in range(MAX_OPEN):
        assert post(api, things, {"kind": "replay"}).status == 202
    assert post(api, things, {"kind": "replay"}).status == 409
    assert len(api.registries.of("acme").list(Replay).items) == MAX_OPEN + 2
