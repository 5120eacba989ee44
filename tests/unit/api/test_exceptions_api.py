"""What people see of incidents and rows, and what they may do about them, through the API."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.api.api_world import ApiWorld, Reply, listing, row
from trueup.books.schema import RowUnknown
from trueup.domain.outcomes import Reason
from trueup.usecases.exceptions.listing import Asked
from trueup.usecases.exceptions.names import Cursor, write_cursor

LATER = "2026-05-01T00:00:00Z"
UNKNOWN = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP


def priced(key: str, price: int, currency: str = "EUR") -> dict[str, Any]:
    return listing(key, f"Shirt {key}", price=price, currency=currency)


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    """A shows 2 too few at 10.00, B 1 too few at 50.00, C oversells 1, D has no price."""
    api.connect()
    rows = [
        row("A", 5, 3),
        row("B", 5, 4),
        row("C", 0, 1),
        row("D", 5, 9),
        row("E", 5, 5),
        row("U\x00\x00", 0, 3, Reason.NOT_LISTED, unknown=UNKNOWN),
    ]
    listings = [priced("A", 1000), priced("B", 5000), priced("C", 1), listing("D", unset=8)]
    api.compared({"1": rows}, [*listings, priced("E", 1)])
    return api


def get(api: ApiWorld, path: str, **query: Any) -> Any:
    reply = api.call("GET", f"{path}?{urlencode(query)}" if query else path)
    assert reply.status == 200, reply.text
    return reply.body


def incident(api: ApiWorld, cause: str = "unexplained") -> Any:
    found = get(api, "/v1/incidents")["incidents"]
    return next(one for one in found if one["cause"] == cause)


def opened(api: ApiWorld, **subject: Any) -> Any:
    body = {"subject": {"kind": "row", "account": "eu", "location": "1", **subject}}
    reply = api.call("POST", "/v1/cases", body)
    assert reply.status == 201, reply.text
    return reply.body


def changed(api: ApiWorld, case: Any, action: str, **body: Any) -> Reply:
    return api.call(
        "POST", f"/v1/cases/{case['id']}/{action}", {"version": case["version"], **body}
    )


def test_an_incident_says_what_is_at_stake(shop: ApiWorld) -> None:
    found = incident(shop)
    assert (found["rows"], found["oversold_rows"], found["unvalued_rows"]) == (4, 1, 1)
    assert found["value"] == {"EUR": 7001}
    assert (found["units_over"], found["units_under"]) == (5, 3)
    assert found["sentence"] == "No cause was found for these differences."
    assert found["samples"][0] == {"sku": "A", "channel_key": "A"}
    assert incident(shop, "not_listed")["samples"] == [{"sku": None, "channel_key": "U"}]
    assert get(shop, f"/v1/incidents/{found['id']}") == found


def test_incidents_are_filtered_by_everything_that_is_shown(shop: ApiWorld) -> None:
    case = opened(shop, kind="incident", cause="not_listed")
    shop.call("PATCH", f"/v1/cases/{case['id']}", {"version": 1, "owner": "ada"})

    def causes(**query: str) -> list[str]:
        return [one["cause"] for one in get(shop, "/v1/incidents", **query)["incidents"]]

    assert causes() == causes(account="eu", location="1") == ["unexplained", "not_listed"]
    assert causes(cause="not_listed") == causes(owner="ada") == ["not_listed"]
    assert causes(state="assigned") == ["not_listed"]
    assert causes(state="none") == ["unexplained"]
    assert causes(location="2") == causes(owner="bob") == []
    assert shop.call("GET", "/v1/incidents?account=us").status == 404


def test_rows_come_by_what_is_at_stake(shop: ApiWorld) -> None:
    found = get(shop, "/v1/exceptions", account="eu", location="1")
    names = [one["row"]["channel_identifier"] for one in found["exceptions"]]
    assert names == ["C", "D", "U", "B", "A"]
    assert found["exceptions"][3]["value"] == {"EUR": 5000}
    assert (found["whole"], found["cursor"]) == (True, None)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_of_ranked_rows_hold_each_row_once(shop: ApiWorld, limit: int) -> None:
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(shop, "/v1/exceptions", account="eu", location="1", limit=limit, **cursor)
        names += [one["row"]["channel_identifier"] for one in page["exceptions"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert names == ["C", "D", "U", "B", "A"]


def test_a_cursor_stays_with_its_version_and_its_filters(shop: ApiWorld) -> None:
    first = get(shop, "/v1/exceptions", account="eu", location="1", limit=1)
    shop.compared({"1": [row("A", 5, 0)]}, [priced("A", 1000)])
    query = {"account": "eu", "location": "1", "limit": 1, "cursor": first["cursor"]}
    second = get(shop, "/v1/exceptions", **query)
    assert second["exceptions"][0]["row"]["channel_identifier"] == "D"
    refused = shop.call("GET", f"/v1/exceptions?{urlencode({**query, 'cause': 'lag'})}")
    assert refused.status == 422


def test_a_case_goes_from_hand_to_hand(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    assert (case["state"], case["version"]) == ("open", 1)
    people = {"owner": "ada", "reviewer": "rita", "approver": "ann", "investigator": "grace"}
    case = shop.call("PATCH", f"/v1/cases/{case['id']}", {"version": 1, **people}).body
    assert case["state"] == "assigned"
    assert {name: case[name] for name in people} == people
    off = shop.call("PATCH", f"/v1/cases/{case['id']}", {"version": 2, "owner": None}).body
    assert (off["state"], off["owner"], off["reviewer"]) == ("open", None, "rita")
    done = changed(shop, off, "resolve", root_cause="lag", text="Fixed.").body
    assert (done["state"], done["resolution"]["root_cause"]) == ("resolved", "lag")
    again = changed(shop, done, "reopen").body
    assert (again["state"], again["resolution"]) == ("open", None)


def test_a_change_of_what_somebody_else_changed_is_refused(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    first = shop.call("PATCH", f"/v1/cases/{case['id']}", {"version": 1, "owner": "ada"})
    second = shop.call("PATCH", f"/v1/cases/{case['id']}", {"version": 1, "owner": "bob"})
    assert (first.status, second.status) == (200, 409)
    assert "version 2" in second.body["detail"]


def test_resolving_needs_a_root_cause_of_the_list(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    reply = changed(shop, case, "resolve", root_cause="dunno")
    assert reply.status == 422
    assert "counting_error" in reply.body["faults"][0]["reason"]
    assert changed(shop, case, "resolve").status == 422


def test_accepting_a_row_needs_its_gap_and_the_role(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    body = {"version": 1, "note": "Display.", "expires_at": LATER, "gap": 2}
    operator = shop.claims(roles="operator")
    path = f"/v1/cases/{case['id']}/accept"
    assert shop.call("POST", path, body, claims=operator).status == 403
    assert shop.call("POST", path, {**body, "gap": 1}).status == 409
    unseen = shop.call("POST", path, {**body, "gap": None})
    assert (unseen.status, "name it" in unseen.body["detail"]) == (409, True)
    assert shop.call("POST", path, {**body, "expires_at": "2026-01-01T00:00:00Z"}).status == 422
    assert shop.call("POST", path, body).body["state"] == "accepted"
    shown = get(shop, "/v1/exceptions", account="eu", location="1")["exceptions"]
    assert "A" not in [one["row"]["channel_identifier"] for one in shown]
    kept = get(shop, "/v1/exceptions", account="eu", location="1", accepted="true")
    assert [one["case"]["state"] for one in kept["exceptions"]] == ["accepted"]


def test_a_whole_incident_is_accepted_as_it_was_seen(shop: ApiWorld) -> None:
    found = incident(shop)
    path, body = f"/v1/incidents/{found['id']}/accept", {"note": "New.", "expires_at": LATER}
    assert shop.call("POST", path, {**body, "rows_version": 9}).status == 409
    unseen = shop.call("POST", path, body)
    assert (unseen.status, unseen.body["faults"][0]["where"]) == (422, "/rows_version")
    reply = shop.call("POST", path, {**body, "rows_version": found["rows_version"]})
    assert (reply.status, reply.body["state"]) == (200, "accepted")
    assert [one["cause"] for one in get(shop, "/v1/incidents")["incidents"]] == ["not_listed"]
    (whole,) = get(shop, "/v1/incidents", state="accepted")["incidents"]
    assert (whole["rows"], whole["accepted_rows"]) == (0, 4)
    rows = get(shop, "/v1/rows", account="eu", status="Failed")["rows"]
    assert len(rows) == 5


def test_a_comment_of_blanks_alone_is_none(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    path = f"/v1/cases/{case['id']}"
    assert shop.call("POST", f"{path}/comments", {"text": " \n\t"}).status == 422
    assert shop.call("POST", f"{path}/comments", {"text": " Seen.\n"}).body["text"] == "Seen."
    body = {"version": 1, "note": "  ", "expires_at": LATER, "gap": 2}
    assert shop.call("POST", f"{path}/accept", body).body["faults"][0]["where"] == "/note"


def test_what_people_write_are_lines_of_text(shop: ApiWorld) -> None:
    path = f"/v1/cases/{opened(shop, sku='A')['id']}"
    for sign in ("\x00", "\x1b", "\r", "\x85"):
        reply = shop.call("POST", f"{path}/comments", {"text": f"One.{sign}Two."})
        assert (reply.status, reply.body["faults"][0]["where"]) == (422, "/text"), repr(sign)
        ended = {"version": 1, "root_cause": "damage", "text": f"One.{sign}Two."}
        assert shop.call("POST", f"{path}/resolve", ended).status == 422
    reply = shop.call(
        "POST", f"{path}/comments", {"text": "One.\r\n\tTwo \u2014 \U0001f44d\u200d."}
    )
    assert reply.body["text"] == "One.\n\tTwo \u2014 \U0001f44d\u200d."


def test_comments_are_kept_in_their_order(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    for text in ("One.", "Two.", "Three."):
        reply = shop.call("POST", f"/v1/cases/{case['id']}/comments", {"text": text})
        assert reply.status == 201
    found = get(shop, f"/v1/cases/{case['id']}/comments", limit=2)
    assert [(one["text"], one["by"]) for one in found["comments"]] == [
        ("One.", "acme-user"),
        ("Two.", "acme-user"),
    ]
    assert found["cursor"]


def test_cases_are_found_by_state_owner_and_account(shop: ApiWorld) -> None:
    first, second = opened(shop, sku="A"), opened(shop, sku="B")
    shop.call("PATCH", f"/v1/cases/{first['id']}", {"version": 1, "owner": "ada"})

    def ids(**query: str) -> list[str]:
        return [one["id"] for one in get(shop, "/v1/cases", **query)["cases"]]

    assert ids() == [second["id"], first["id"]]
    assert ids(owner="ada") == ids(state="assigned") == [first["id"]]
    assert ids(state="resolved") == []


def test_a_bundle_holds_the_case_what_was_said_and_the_row(shop: ApiWorld) -> None:
    case = opened(shop, sku="A")
    shop.call("POST", f"/v1/cases/{case['id']}/comments", {"text": "Seen."})
    bundle = get(shop, f"/v1/cases/{case['id']}/evidence")
    assert (bundle["case"]["id"], bundle["comments"][0]["text"]) == (case["id"], "Seen.")
    (one,) = bundle["evidence"]["rows"]
    assert one["divergence"]["row"]["gap"] == 2
    assert bundle["evidence"]["origin"]["rows_version"] == 1
    direct = get(shop, "/v1/exceptions/evidence", account="eu", location="1", sku="A")
    assert direct == bundle["evidence"]


@pytest.mark.parametrize("listed", ["true", "false"])
def test_a_row_that_is_not_there_has_no_evidence(shop: ApiWorld, listed: str) -> None:
    query = {"account": "eu", "location": "1", "sku": "TYPO", "listed": listed}
    assert shop.call("GET", f"/v1/exceptions/evidence?{urlencode(query)}").status == 404


def test_nobody_has_a_case_about_a_sku_that_the_seller_does_not_have(shop: ApiWorld) -> None:
    subject = {"kind": "source", "location": "berlin", "sku": "TYPO"}
    reply = shop.call("POST", "/v1/cases", {"subject": subject})
    assert (reply.status, reply.body["faults"][0]["where"]) == (422, "/subject/sku")
    assert shop.call("POST", "/v1/cases", {"subject": subject | {"sku": "A"}}).status == 201
    nowhere = subject | {"location": "nowhere"}
    assert shop.call("POST", "/v1/cases", {"subject": nowhere}).status == 404


def test_an_incidents_bundle_has_its_samples(shop: ApiWorld) -> None:
    bundle = get(shop, f"/v1/incidents/{incident(shop)['id']}/evidence")
    assert [one["name"]["sku"] for one in bundle["rows"]] == ["A", "B", "C", "D"]
    assert bundle["incident"]["rows"] == 4


@pytest.mark.parametrize(
    "subject",
    [
        {"kind": "row", "location": "1", "sku": "A"},
        {"kind": "row", "account": "eu", "location": "1"},
        {"kind": "incident", "account": "eu", "location": "1", "sku": "A"},
        {"kind": "source", "account": "eu", "location": "berlin", "sku": "A"},
        {"kind": "source", "location": "berlin"},
    ],
)
def test_a_subject_is_named_whole_and_as_its_kind(shop: ApiWorld, subject: Any) -> None:
    reply = shop.call("POST", "/v1/cases", {"subject": subject})
    assert reply.status == 422, reply.text


@pytest.mark.parametrize("id_", ["x", "~", "WzFd", "W10", "bm9wZQ", "WyJldSIsIjEiXQ"])
def test_what_is_no_incident_is_not_found(shop: ApiWorld, id_: str) -> None:
    assert shop.call("GET", f"/v1/incidents/{id_}").status == 404


@pytest.mark.parametrize("pin", ["", "x", "9/none", "-1/a", "1" * 5000, "\u00b2/a"])
def test_a_cursor_that_somebody_made_up_is_refused(shop: ApiWorld, pin: str) -> None:
    scope = Asked("eu", "1").scope
    cursor = write_cursor(Cursor("acme", scope, "A", pin, ""))[:3900]
    query = {"account": "eu", "location": "1", "cursor": cursor}
    assert shop.call("GET", f"/v1/exceptions?{urlencode(query)}").status == 422
