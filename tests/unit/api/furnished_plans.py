"""A live account of a furnished seller, and plans of it that were made."""

from collections.abc import Sequence
from typing import Any

from tests.unit.api.api_world import ApiWorld, Row
from tests.unit.api.furnished_force import waiting_plan
from trueup.domain.force import ForcePlan
from trueup.ports import Meter
from trueup.usecases.force.planning import plan_force
from trueup.usecases.force.planning_job import PlanJob
from trueup.usecases.work import Work


def furnish_plans(
    api: ApiWorld, seller: str, account: str, home: str, rows: Sequence[Row], titled: Sequence[Row]
) -> dict[str, str]:
    """A new account that was compared, with a plan of its rows, and two plans beside it."""
    live_account(api, seller, account, home)
    api.compared({"1": rows}, titled, seller=seller, account=account)
    plan = made_plan(api, seller, {"account": account, "locations": ["1"]})
    waiting_plan(api, seller, account, f"{seller}-user")
    named = {"planned:account": account}
    for route in ("get_force_plan", "list_planned_rows"):
        named |= {f"{route}:account": account, f"{route}:plan": plan.id}
    return named


def live_account(api: ApiWorld, seller: str, account: str, home: str) -> None:
    """One whose location 1 is fed by `home`."""
    admin = api.claims(seller)
    new = {"id": account, "channel": "sandbox", "name": f"{seller} account"}
    link = f"/v1/accounts/{account}/links/1"
    for method, path, body in (
        ("POST", "/v1/accounts", new),
        ("PUT", link, {"members": [{"location": home}]}),
        ("PATCH", f"/v1/accounts/{account}", {"mode": "live"}),
    ):
        reply = api.call(method, path, body, claims=admin)
        assert reply.status in (200, 201), reply.text


def made_plan(api: ApiWorld, seller: str, body: dict[str, Any]) -> ForcePlan:
    """A plan that was asked for over the API, as its machine makes it."""
    asked = api.call("POST", "/v1/force-plans", body, claims=api.claims(seller))
    assert asked.status == 202, asked.text
    return make(api, seller, body["account"], asked.body["id"])


def make(api: ApiWorld, seller: str, account: str, plan: str) -> ForcePlan:
    registry = api.registries.of(seller)
    work = Work(
        registry=registry,
        pages=api.pages_of(seller),
        evidence=api.evidence,
        channels=api.channels,
        clock=api.clock,
        meter=Meter(),
        ledger=api.ledger_of(seller),
    )
    job = {"schema": 1, "seller": seller, "account": account, "plan": plan}
    plan_force(work, PlanJob.model_validate(job), lambda: 600_000)
    stored = registry.get(ForcePlan, account, plan)
    assert stored is not None
    return stored.value
