"""Positions and movements over the API."""

from datetime import timedelta

from tests.unit.api.api_world import ApiWorld
from trueup.domain.movements import Movement
from trueup.domain.time import iso, milliseconds
from trueup.ledger.streams import movements_stream
from trueup.usecases.ledger.appending import append
from trueup_api.tokens import path_token

BASE = "/v1/locations/berlin"


def told(api: ApiWorld, *movements: tuple[int, str, int, int]) -> None:
    """(kind, SKU, quantity, minutes ago), each with an id of its own."""
    now = api.clock()
    made = [
        Movement(
            kind, sku, "berlin", units, milliseconds(now - timedelta(minutes=ago)), "wms", f"{n}"
        )
        for n, (kind, sku, units, ago) in enumerate(movements)
    ]
    found = append(api.ledger_of("acme"), api.clock, movements_stream("berlin"), made)
    assert len(found.accepted) == len(made)


def stocked(api: ApiWorld) -> None:
    api.connect()
    rows = [{"key": sku, "on_hand": 10, "unknown": 2} for sku in ("A", "B", "a/b c")]
    api.write_baseline("acme", "berlin", rows)
    api.now += timedelta(hours=2)
    told(api, (4, "A", 3, 90), (4, "A", 12, 30), (1, "B", 5, 10), (17, "C", 4, 5))


def test_positions_by_page_say_what_is_negative_and_where_they_start(api: ApiWorld) -> None:
    stocked(api)
    first = api.call("GET", f"{BASE}/positions?limit=2").body
    second = api.call("GET", f"{BASE}/positions?limit=2&cursor={first['cursor']}").body
    found = {one["sku"]: one for one in first["positions"] + second["positions"]}
    assert [one["sku"] for one in first["positions"]] == ["A", "B"]
    assert {sku: one["on_hand"] for sku, one in found.items()} == {
        "A": -5,
        "B": 15,
        "C": 4,
        "a/b c": 10,
    }
    assert found["A"]["negative"] == ["on_hand", "sellable"]
    assert (found["B"]["anchor"], found["C"]["anchor"]) == ("baseline", "wms:3")
    assert (second["cursor"], second["at"]) == (None, first["at"])


def test_one_sku_at_an_earlier_instant_and_as_it_was_known_then(api: ApiWorld) -> None:
    stocked(api)
    hour_ago = iso(api.now - timedelta(hours=1))
    then = api.call("GET", f"{BASE}/positions/A?at={hour_ago}").body
    assert (then["on_hand"], [m["id"] for m in then["movements"]]) == (7, ["0"])
    unknown_yet = api.call("GET", f"{BASE}/positions/A?known_at={hour_ago}").body
    assert unknown_yet["on_hand"] == 10
    token = path_token("a/b c")
    assert api.call("GET", f"{BASE}/positions/{token}").body["on_hand"] == 10
    counted = api.call("GET", f"{BASE}/positions/C").body
    assert [(v["expected"], v["counted"]) for v in counted["variances"]] == [(None, 4)]
    assert api.call("GET", f"{BASE}/positions/nothing").body["known"] is False


def test_movements_are_listed_page_by_page_the_newest_first(api: ApiWorld) -> None:
    stocked(api)
    first = api.call("GET", f"{BASE}/movements?sku=A&limit=1").body
    second = api.call("GET", f"{BASE}/movements?sku=A&limit=1&cursor={first['cursor']}").body
    assert [m["id"] for m in first["movements"] + second["movements"]] == ["1", "0"]
    assert second["cursor"] is None
    assert first["movements"][0]["kind"] == "ship"


def test_what_cannot_be_answered_is_refused(api: ApiWorld) -> None:
    stocked(api)
    long_ago = iso(api.now - timedelta(days=36))
    for path in (f"positions?at={long_ago}", "positions?cursor=eHg=", "positions/A?known_at=x"):
        assert api.call("GET", f"{BASE}/{path}").status in (400, 422), path
    for end in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00"):
        for path in ("positions", "positions/A"):
            for name in ("at", "known_at"):
                reply = api.call("GET", f"{BASE}/{path}?{name}={end}")
                assert (reply.status, reply.body["faults"][0]["where"]) == (400, name), path
    other = api.call("GET", f"{BASE}/positions?limit=1").body["cursor"]
    api.connect("us", seller="globex")
    stolen = api.call("GET", f"{BASE}/positions?cursor={other}", claims=api.claims("globex"))
    assert stolen.status == 422
    assert api.call("GET", "/v1/locations/nowhere/positions").status == 404
