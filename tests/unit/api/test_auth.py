"""Tokens that open what they should not, or nothing at all."""

from typing import Any

import pytest

from tests.unit.api.api_world import START, ApiWorld
from trueup.domain.errors import ForbiddenError
from trueup.usecases.auth import (
    Caller,
    Role,
    UnauthenticatedError,
    caller_of,
    membership_claims,
    token_response,
)

GOOD = {
    "token_use": "access",
    "sub": "u",
    "exp": str(int(START.timestamp()) + 1),
    "seller": "acme",
    "roles": "operator",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_use": "id"},
        {"exp": str(int(START.timestamp()))},
        {"exp": "soon"},
        {"exp": "nan"},
        {"sub": ""},
        {"sub": None},
    ],
)
def test_only_a_living_access_token_authenticates(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        caller_of(GOOD | wrong, START)


def test_no_claims_at_all_authenticate_nobody() -> None:
    with pytest.raises(UnauthenticatedError):
        caller_of(None, START)


@pytest.mark.parametrize("seller", [None, "", "Acme", "a/b", "acme\n", 7])
def test_without_a_seller_nothing_is_reached(seller: object) -> None:
    with pytest.raises(ForbiddenError):
        caller_of(GOOD | {"seller": seller}, START)


def test_unknown_roles_grant_nothing() -> None:
    caller = caller_of(GOOD | {"roles": "root admin2 investigator"}, START)
    assert caller.roles == {Role.INVESTIGATOR}
    assert not caller.may(Role.VIEWER)


@pytest.mark.parametrize("have", list(Role))
@pytest.mark.parametrize("need", [Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN])
def test_each_role_may_what_those_before_it_may(have: Role, need: Role) -> None:
    ranks = ["viewer", "operator", "approver", "admin"]
    expected = have in ranks and ranks.index(have) >= ranks.index(need)
    assert Caller("acme", frozenset({have}), "u").may(need) is expected


class Table:
    def __init__(self, **items: dict[str, Any]) -> None:
        self.items = items

    def find(self, user: str) -> dict[str, Any] | None:
        return self.items.get(user)


def trigger(user: str) -> dict[str, Any]:
    attributes = {"sub": user, "seller": "bolt", "roles": "admin"}
    return {"version": "2", "request": {"userAttributes": attributes}, "response": {}}


def test_a_member_gets_seller_and_roles_from_the_table_alone() -> None:
    table = Table(u={"pk": "u", "seller": "acme", "roles": ["viewer", "operator"]})
    details = token_response(trigger("u"), table)["response"]["claimsAndScopeOverrideDetails"]
    assert details["accessTokenGeneration"] == {
        "claimsToAddOrOverride": {"seller": "acme", "roles": "operator viewer"},
        "claimsToSuppress": [],
    }


@pytest.mark.parametrize(
    "item",
    [
        None,
        {"seller": "acme"},
        {"seller": "A B", "roles": ["admin"]},
        {"seller": "acme", "roles": ["root"]},
    ],
)
def test_others_get_no_claims(item: dict[str, Any] | None) -> None:
    assert membership_claims(item) == {}
    table = Table() if item is None else Table(u=item)
    details = token_response(trigger("u"), table)["response"]["claimsAndScopeOverrideDetails"]
    access = details["accessTokenGeneration"]
    assert access["claimsToAddOrOverride"] == {}
    assert access["claimsToSuppress"] == ["seller", "roles"]


def test_who_is_no_member_is_told_so(api: ApiWorld) -> None:
    claims = {key: value for key, value in api.claims().items() if key not in ("seller", "roles")}
    reply = api.call("GET", "/v1/accounts", claims=claims)
    assert reply.status == 403
    assert "not a member" in reply.body["detail"]
