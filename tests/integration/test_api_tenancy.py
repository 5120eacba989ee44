"""A route that shows or changes another seller's things, or lets in who may not.

The requests are made from the table of routes: a new route is tried without being named here.
"""

from copy import deepcopy
from typing import Any

import pytest

from tests.unit.api.api_world import ADMIN, ApiWorld, Reply
from tests.unit.api.furnished import Furnished, furnish
from trueup.usecases.auth import RANKS
from trueup_api.routing import Route
from trueup_api.table import ROUTES

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
LEAKS = ("acme", "S00", "Berlin")


class Two:
    """Two sellers; `acme` has one of everything, `bolt` tries to reach it."""

    def __init__(self) -> None:
        self.api = ApiWorld()
        self.acme: Furnished = furnish(self.api, "acme")
        furnish(self.api, "bolt")

    def send(self, route: Route, **how: Any) -> Reply:
        """The request for acme's things."""
        return self.api.call(route.method, self.acme.path(route), self.acme.body(route), **how)

    def state(self) -> Any:
        """Everything of acme's, and whatever was set going."""
        records = deepcopy(self.api.registries._sellers["acme"])
        objects = {key: self.api.imports.get(key) for key in self.api.imports.list("")}
        ledger = deepcopy(self.api.ledger_of("acme")._blocks)
        called = list(self.api.machines.started), len(self.api.channels.calls)
        return records, objects, ledger, *called


@pytest.fixture
def two() -> Two:
    return Two()


@pytest.fixture(scope="module")
def untouched() -> Two:
    """One for all refusals, each of which shows that nothing of it has changed."""
    return Two()


def refused(reply: Reply, *statuses: int) -> None:
    assert reply.status in statuses, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert not [leak for leak in LEAKS if leak in reply.text.replace("acme-", "")]


@every_route
def test_its_own_seller_is_let_in(two: Two, route: Route) -> None:
    """Else the refusals below would show nothing."""
    reply = two.send(route, claims=two.api.claims("acme", route.role))
    assert reply.status == route.answer[0], reply.text


@every_route
@pytest.mark.parametrize(
    "token",
    [None, {"token_use": "id"}, {"exp": "1"}, {"token_use": None}, {"sub": None}],
    ids=["none", "id", "expired", "unnamed", "nobody"],
)
def test_no_valid_token_is_401(untouched: Two, route: Route, token: dict[str, Any] | None) -> None:
    before = untouched.state()
    if token is None:
        refused(untouched.send(route, anonymous=True), 401)
    else:
        refused(untouched.send(route, claims=untouched.api.claims("acme", ADMIN, **token)), 401)
    assert untouched.state() == before


@every_route
def test_a_role_below_is_403(untouched: Two, route: Route) -> None:
    before = untouched.state()
    below = " ".join(RANKS[: RANKS.index(route.role)])
    for roles in (below, f"{below} investigator", "owner"):
        refused(untouched.send(route, claims=untouched.api.claims("acme", roles)), 403)
    assert untouched.state() == before


@every_route
def test_a_token_without_a_seller_is_403(untouched: Two, route: Route) -> None:
    before = untouched.state()
    for seller in ("", None, "ACME", "acme#", "acme/x"):
        refused(untouched.send(route, claims=untouched.api.claims() | {"seller": seller}), 403)
    assert untouched.state() == before


@every_route
def test_another_seller_reaches_nothing(two: Two, route: Route) -> None:
    """With ids of acme's wherever one can stand: in the path, the query and the body."""
    before = two.state()
    pages = two.api.pages_of("acme")
    pages.asked.clear()
    reply = two.send(route, claims=two.api.claims("bolt"))
    if two.acme.path(route) != route.path:
        refused(reply, 404)
    assert "acme account" not in reply.text
    assert "acme S0" not in reply.text
    assert pages.asked == []
    after = two.state()
    assert after[0] == before[0]
    assert after[2] == before[2]
    named = [item for item in (after[1].keys() - before[1].keys()) if "acme" in item]
    assert named == []


def test_cursors_of_another_seller_are_refused() -> None:
    """Every list that gives cursors, of two sellers whose things have the same names."""
    api = ApiWorld()
    acme, bolt = (furnish(api, seller, "same") for seller in ("acme", "bolt"))
    lists = [route for route in ROUTES if "cursor" in route.query.model_fields]
    assert len(lists) >= 6
    for route in lists:
        first = api.call("GET", _with(acme.path(route), "limit=1"), claims=api.claims("acme"))
        query = f"limit=1&cursor={first.body['cursor']}"
        api.pages_of("acme").asked.clear()
        reply = api.call("GET", _with(bolt.path(route), query), claims=api.claims("bolt"))
        refused(reply, 422)
        assert api.pages_of("acme").asked == []


def _with(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"
