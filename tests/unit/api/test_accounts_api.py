"""Accounts and links that are stored wrong, refused without a reason, or cost stock twice."""

import pytest

from tests.unit.api.api_world import ApiWorld
from trueup.domain.accounts import Account

NEW = {"id": "eu", "channel": "sandbox", "name": "Europe"}
PARIS = "~Z2lkOi8vc2hvcC8yIGI"


def faults(body: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {fault["where"]: fault["reason"] for fault in body["faults"]}


def test_a_new_account_is_described_and_starts_in_shadow_mode(api: ApiWorld) -> None:
    reply = api.call("POST", "/v1/accounts", NEW)
    assert reply.status == 201
    assert reply.headers["Location"] == "/v1/accounts/eu"
    assert reply.body["mode"] == "shadow"
    assert reply.body["capabilities"]["can_push"] is True
    assert [place["token"] for place in reply.body["locations"]] == ["1", PARIS]
    assert api.call("GET", "/v1/accounts/eu").body == reply.body
    assert api.call("GET", "/v1/accounts").body["accounts"] == [reply.body]


def test_the_same_id_twice_is_a_conflict(api: ApiWorld) -> None:
    api.call("POST", "/v1/accounts", NEW)
    assert api.call("POST", "/v1/accounts", NEW).status == 409


def test_what_the_channel_says_against_it_is_told(api: ApiWorld) -> None:
    reply = api.call("POST", "/v1/accounts", NEW | {"config": {"fails": "wrong password"}})
    assert reply.status == 422
    assert faults(reply.body) == {"/config": "wrong password"}
    assert api.call("GET", "/v1/accounts/eu").status == 404


def test_a_busy_channel_is_told_with_a_time(api: ApiWorld) -> None:
    reply = api.call("POST", "/v1/accounts", NEW | {"config": {"fails": "busy"}})
    assert (reply.status, reply.headers["Retry-After"]) == (503, "7")


def test_all_faults_of_a_body_are_told_at_once(api: ApiWorld) -> None:
    body = {"id": "NO", "name": "", "buffer": -1, "cadence": {"every_minutes": 0}, "typo": 1}
    reply = api.call("POST", "/v1/accounts", body)
    assert reply.status == 422
    assert reply.headers["Content-Type"] == "application/problem+json"
    where = {"/id", "/channel", "/name", "/buffer", "/cadence/every_minutes", "/typo"}
    assert set(faults(reply.body)) == where


@pytest.mark.parametrize(
    "secret", ["trueup/bolt/key", "key", "trueup/acme/../bolt/key", "trueup/acme/a b", ""]
)
def test_a_secret_is_one_of_the_sellers_own(api: ApiWorld, secret: str) -> None:
    reply = api.call("POST", "/v1/accounts", NEW | {"secret": secret, "channel": "nowhere"})
    assert reply.status == 422
    assert set(faults(reply.body)) == {"/secret", "/channel"}
    assert api.channels.calls == []


def test_a_cooldown_is_not_below_the_channels(api: ApiWorld) -> None:
    assert api.call("POST", "/v1/accounts", NEW | {"cooldown_seconds": 59}).status == 422
    api.call("POST", "/v1/accounts", NEW)
    reply = api.call("PATCH", "/v1/accounts/eu", {"cooldown_seconds": 59})
    assert faults(reply.body) == {"/cooldown_seconds": "this channel needs at least 60 seconds"}


def test_a_patch_changes_what_it_names_and_nothing_else(api: ApiWorld) -> None:
    before = api.call("POST", "/v1/accounts", NEW).body
    after = api.call("PATCH", "/v1/accounts/eu", {"buffer": 4, "mode": "live"}).body
    assert after == before | {"buffer": 4, "mode": "live"}


def test_an_account_moves_to_another_address_if_its_channel_answers_there(api: ApiWorld) -> None:
    before = api.call("POST", "/v1/accounts", NEW).body
    refused = api.call("PATCH", "/v1/accounts/eu", {"config": {"fails": "Wrong password."}})
    assert (refused.status, faults(refused.body)) == (422, {"/config": "Wrong password."})
    assert api.call("GET", "/v1/accounts/eu").body == before
    foreign = api.call("PATCH", "/v1/accounts/eu", {"secret": "trueup/bolt/sandbox/eu"})
    assert foreign.status == 422
    moved = {"config": {"url": "elsewhere"}, "secret": "trueup/acme/sandbox/eu"}
    assert api.call("PATCH", "/v1/accounts/eu", moved).body == before | moved


def test_an_account_may_start_disabled(api: ApiWorld) -> None:
    assert not api.call("POST", "/v1/accounts", NEW | {"enabled": False}).body["enabled"]


def test_the_first_link_makes_an_account_due(api: ApiWorld) -> None:
    api.connect()
    stored = api.registries.of("acme").get(Account, "eu")
    assert stored is not None
    assert stored.value.next_due_at is not None


def test_a_new_cadence_makes_a_linked_account_due(api: ApiWorld) -> None:
    api.connect()
    before = api.call("GET", "/v1/accounts/eu").body["next_due_at"]
    cadence = {"every_minutes": 5}
    after = api.call("PATCH", "/v1/accounts/eu", {"cadence": cadence}).body
    assert after["cadence"]["every_minutes"] == 5
    assert after["next_due_at"] > before


def test_links_name_only_what_the_account_and_the_seller_have(api: ApiWorld) -> None:
    api.connect()
    members = [{"location": "rome"}, {"location": "paris"}, {"location": "paris"}]
    reply = api.call("PUT", "/v1/accounts/eu/links/9", {"members": members})
    assert reply.status == 422
    assert set(faults(reply.body)) == {
        "/channel_location",
        "/members/0/location",
        "/members/1/location",
        "/members/2/location",
    }


def test_a_location_that_feeds_two_places_needs_shares(api: ApiWorld) -> None:
    api.connect()
    path = f"/v1/accounts/eu/links/{PARIS}"
    reply = api.call("PUT", path, {"members": [{"location": "berlin", "share": 1}]})
    assert set(faults(reply.body)) == {"/members/0/share"}
    half = {"members": [{"location": "berlin", "share": 50}]}
    assert api.call("PUT", "/v1/accounts/eu/links/1", half).status == 200
    assert api.call("PUT", path, half).status == 200
    links = api.call("GET", "/v1/accounts/eu/links").body["links"]
    assert [link["channel_location"] for link in links] == ["1", "gid://shop/2 b"]
    assert api.call("GET", path).body == links[1]
    assert api.call("DELETE", path).status == 204
    assert api.call("GET", path).status == 404
    assert api.call("DELETE", path).status == 404


def test_locations_are_added_changed_and_listed(api: ApiWorld) -> None:
    new = {"code": "oslo", "name": "Oslo", "buffer": 2}
    assert api.call("POST", "/v1/locations", new).status == 201
    assert api.call("POST", "/v1/locations", new).status == 409
    changed = api.call("PATCH", "/v1/locations/oslo", {"buffer": None})
    assert changed.body == {"code": "oslo", "name": "Oslo", "buffer": None}
    assert api.call("GET", "/v1/locations").body["locations"] == [changed.body]
    assert api.call("GET", "/v1/locations/oslo").body == changed.body
    assert api.call("PATCH", "/v1/locations/rome", {"name": "Rome"}).status == 404


def test_only_deployed_channels_are_offered(api: ApiWorld) -> None:
    channels = api.call("GET", "/v1/channels").body["channels"]
    assert [channel["kind"] for channel in channels] == ["sandbox"]
