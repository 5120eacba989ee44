"""Requests that are half read, answered with a stack trace, or done twice."""

import base64

import pytest

from tests.unit.api.api_world import ApiWorld, event
from trueup.domain.errors import DefectError
from trueup.domain.imports import Receipt

NEW = {"code": "oslo", "name": "Oslo"}


@pytest.mark.parametrize("text", ["", "{", "[1,", '{"code": "\ud800"}', '"\\ud800"', "nul"])
def test_what_is_not_json_is_told(api: ApiWorld, text: str) -> None:
    assert api.call("POST", "/v1/locations", text).status in (400, 422)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"x"', "{}"])
def test_json_of_another_shape_has_faults(api: ApiWorld, text: str) -> None:
    reply = api.call("POST", "/v1/locations", text)
    assert reply.status == 422
    assert reply.body["faults"]


def test_a_body_may_come_in_base64(api: ApiWorld) -> None:
    given = event("POST", "/v1/locations", None, api.claims(), {})
    body = base64.b64encode(b'{"code": "oslo", "name": "Oslo"}').decode()
    assert api.send(given | {"body": body, "isBase64Encoded": True}).status == 201
    assert api.send(given | {"body": "$", "isBase64Encoded": True}).status == 400


def test_a_large_body_is_refused(api: ApiWorld) -> None:
    assert api.call("POST", "/v1/locations", " " * 1_000_001).status == 413


def test_another_type_is_refused(api: ApiWorld) -> None:
    headers = {"Content-Type": "text/csv", "content-type": "text/csv"}
    assert api.call("POST", "/v1/locations", NEW, headers=headers).status == 415


def test_addresses_that_are_not_there(api: ApiWorld) -> None:
    assert api.call("GET", "/v1/nothing").status == 404
    assert api.call("GET", "/v1/accounts/").status == 404
    reply = api.call("DELETE", "/v1/accounts")
    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "\x1b[31m"])
def test_names_have_no_control_characters(api: ApiWorld, name: str) -> None:
    assert api.call("POST", "/v1/locations", NEW | {"name": name}).status == 422


def test_what_nobody_foresaw_is_a_problem_without_details(
    api: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> object:
        raise DefectError("table secret-name is broken")

    monkeypatch.setattr(api.registries, "of", broken)
    reply = api.call("GET", "/v1/accounts")
    assert reply.status == 500
    assert "secret-name" not in reply.text


def test_the_same_key_and_body_get_the_same_answer(api: ApiWorld) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api.call("POST", "/v1/locations", NEW, headers=headers)
    again = api.call("POST", "/v1/locations", NEW, headers=headers)
    assert (again.status, again.text) == (first.status, first.text) == (201, first.text)
    assert again.headers["Location"] == "/v1/locations/oslo"
    other = api.call("POST", "/v1/locations", NEW | {"name": "O"}, headers=headers)
    assert other.status == 409
    fresh = api.call("POST", "/v1/locations", NEW, headers={"Idempotency-Key": "k2"})
    assert fresh.status == 409


def test_a_key_is_the_sellers_own(api: ApiWorld) -> None:
    headers = {"Idempotency-Key": "k1"}
    api.call("POST", "/v1/locations", NEW, headers=headers)
    bolt = api.call(
        "POST", "/v1/locations", NEW | {"name": "B"}, headers=headers, claims=api.claims("bolt")
    )
    assert bolt.status == 201


def test_a_request_that_failed_leaves_its_key_free(api: ApiWorld) -> None:
    headers = {"Idempotency-Key": "k1"}
    api.call("POST", "/v1/locations", NEW)
    assert api.call("POST", "/v1/locations", NEW, headers=headers).status == 409
    assert api.registries.of("acme").list(Receipt).items == ()


def test_a_key_whose_request_died_can_be_used_again(
    api: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Idempotency-Key": "k1"}

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("trueup.usecases.places.Location.model_validate", die)
        with pytest.raises(Died):
            api.call("POST", "/v1/locations", NEW, headers=headers)
    busy = api.call("POST", "/v1/locations", NEW, headers=headers)
    assert (busy.status, busy.headers["Retry-After"]) == (503, "2")
    api.now = api.now.replace(minute=api.now.minute + 2)
    assert api.call("POST", "/v1/locations", NEW, headers=headers).status == 201


@pytest.mark.parametrize("key", ["", "a b\n", "ä", "x" * 129])
def test_keys_are_short_and_printable(api: ApiWorld, key: str) -> None:
    reply = api.call("POST", "/v1/locations", NEW, headers={"Idempotency-Key": key})
    assert reply.status == 400
