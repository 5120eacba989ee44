"""Plans of a furnished seller that wait for a decision, one for each route that decides."""

from datetime import timedelta

from tests.unit.api.api_world import ApiWorld
from trueup.domain.force import ForcePlan, PlanPlace, PlanState, Scope
from trueup.ports import Create
from trueup_api.routes.force_decisions import EXAMPLE_HASH

DECIDING = ("confirm", "approve", "reject", "cancel")


def furnish_decisions(api: ApiWorld, seller: str, account: str, shadow: str) -> dict[str, str]:
    """The account is live after this. Somebody else proposed what is to be approved.

    Another plan is of an account in shadow mode, where nothing is ever pushed.
    """
    live = api.call("PATCH", f"/v1/accounts/{account}", {"mode": "live"}, claims=api.claims(seller))
    assert live.status == 200, live.text
    named = {"plan": waiting_plan(api, seller, shadow, "olga", places=()).id}
    for verb in DECIDING:
        by = "olga" if verb == "approve" else f"{seller}-user"
        named[f"{verb}_force_plan:account"] = account
        named[f"{verb}_force_plan:plan"] = waiting_plan(api, seller, account, by).id
    return named


def waiting_plan(
    api: ApiWorld, seller: str, account: str, by: str, *places: str, **fields: object
) -> ForcePlan:
    """A plan with two decreases and an increase at each place."""
    now, locations = api.clock(), places or ("1",)
    stated: dict[str, object] = {
        "id": api.new_id(),
        "account": account,
        "scope": Scope(locations=locations),
        "state": PlanState.PROPOSED,
        "proposed_by": by,
        "proposed_at": now,
        "expires_at": now + timedelta(days=30),
        "deadline": now + timedelta(minutes=30),
        "hash": EXAMPLE_HASH,
        "places": tuple(
            PlanPlace(
                channel_location=place,
                version=1,
                as_of=now,
                manifest="m",
                rows=3,
                decreases=2,
                rest=1,
            )
            for place in locations
        ),
    }
    plan = ForcePlan.model_validate({**stated, **fields})
    api.registries.of(seller).write(Create(plan))
    return plan
