"""Forcing a channel over HTTP, as a seller's people do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.stores import LOCAL
from tests.stack_world import Json, StackWorld, within
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_pages import DynamoDBPages
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.schema import PLANNED
from trueup.books.writer import write_range
from trueup.domain.force import ForcePlan, ForceSlot
from trueup.domain.time import system_clock, ulid_ids
from trueup.ports import Create, Meter, Replace
from trueup.usecases.books import plan_book
from trueup.usecases.force.planning_job import planned_reader

FINAL = ("finished", "rejected", "cancelled", "expired", "failed")
Key = tuple[str, str]
"""Channel location and the channel's key of an item."""


@dataclass(frozen=True)
class Desk:
    """One person of a seller, at one account."""

    world: StackWorld
    account: str

    @property
    def path(self) -> str:
        return f"/v1/accounts/{self.account}"

    def go_live(self, **settings: Any) -> None:
        """Out of shadow mode, with these settings."""
        self.world.call("PATCH", self.path, {"mode": "live"})
        self.world.call("PUT", f"{self.path}/force-settings", settings)

    def cover_orders(self, until: str) -> None:
        self.world.call("PUT", f"{self.path}/orders-covered", {"until": until})

    # Plans --------------------------------------------------------------------------------------

    def propose(self, locations: Sequence[str], **scope: Any) -> Json:
        """A plan, when it is made."""
        body = {"account": self.account, "locations": list(locations), **scope}
        return self.made(self.world.post("/v1/force-plans", body))

    def undo(self, plan: Mapping[str, Any], **body: Any) -> Json:
        return self.made(self.world.post(f"{self.path}/force-plans/{plan['id']}/undo", body))

    def retry(self, **body: Any) -> Json:
        return self.made(self.world.post("/v1/pushes/retry", {"account": self.account, **body}))

    def plan(self, begun: Mapping[str, Any]) -> Json:
        found: Json = self.world.get(f"{self.path}/force-plans/{begun['id']}")
        return found

    def made(self, begun: Mapping[str, Any]) -> Json:
        def planned() -> Json | None:
            found = self.plan(begun)
            return None if found["state"] == "planning" else found

        found = within(60, planned)
        assert found["state"] == "proposed", found["cause"]
        return found

    def planned(self, plan: Mapping[str, Any], **query: Any) -> dict[Key, Json]:
        """Rows of the plan; of those only that would be pushed unless `skip` says otherwise."""
        path = f"{self.path}/force-plans/{plan['id']}/rows"
        query = {"skip": "not_skipped", "limit": 500, **query}
        rows = self.world._paged(path, "rows", **query)
        return {(row["location"], row["channel_identifier"]): row for row in rows}

    # Decisions ----------------------------------------------------------------------------------

    def decide(
        self, plan: Mapping[str, Any], how: str = "confirm", share: str = "all"
    ) -> httpx.Response:
        """What confirming or approving answers, whatever it is."""
        path = f"{self.path}/force-plans/{plan['id']}/{how}"
        return self.world.http.post(path, json={"hash": plan["hash"], "share": share})

    def forced(self, plan: Mapping[str, Any], how: str = "confirm", seconds: float = 120) -> Json:
        """The plan at its end; it must be admitted."""
        answer = self.decide(plan, how)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return self.ended(plan, seconds)

    def ended(self, plan: Mapping[str, Any], seconds: float = 120) -> Json:
        def final() -> Json | None:
            found = self.plan(plan)
            return found if found["state"] in FINAL else None

        return within(seconds, final)

    # What became of it --------------------------------------------------------------------------

    def pushes(self, plan: Mapping[str, Any], **query: Any) -> dict[Key, Json]:
        rows = self.world._paged("/v1/pushes", "pushes", plan=plan["id"], limit=200, **query)
        return {(row["location_id"], row["channel_sku"]): row for row in rows}

    def slots(self) -> list[ForceSlot]:
        return [stored.value for stored in self.world.registry.list(ForceSlot, self.account).items]

    def cool(self) -> None:
        """As if the cooldown of every location were over."""
        for stored in self.world.registry.list(ForceSlot, self.account).items:
            cooled = stored.value.model_copy(update={"cooling_until": stored.value.claimed_at})
            self.world.registry.write(Replace(cooled, stored.version))


def outcomes(pushes: Mapping[Key, Json]) -> dict[str, int]:
    """How many pushes came to what."""
    found: dict[str, int] = {}
    for push in pushes.values():
        found[push["outcome"]] = found.get(push["outcome"], 0) + 1
    return found


def copied(desk: Desk, plan: Json, count: int) -> list[Json]:
    """Plans like this one, each with rows of its own: made by hand, which takes a moment only."""
    registry, new_id = desk.world.registry, ulid_ids(system_clock)
    client = Clients(endpoint_url=desk.world.stack.endpoint_url, **LOCAL).dynamodb
    table = desk.world.stack.outputs["PagesTableName"]
    pages = DynamoDBPages(client, table, desk.world.seller, system_clock, Meter())
    stored = registry.get(ForcePlan, desk.account, plan["id"])
    assert stored is not None
    (place,) = stored.value.places
    rows = list(planned_reader(pages, plan["id"], place).scan())
    copies = []
    for _ in range(count):
        id_ = new_id()
        book = plan_book(id_, "L1")
        made = Manifest.of(PLANNED.kind, write_range(pages, book, PLANNED, (), iter(rows)))
        at = place.model_copy(update={"manifest": save_manifest(pages, book, made)})
        copies.append(stored.value.model_copy(update={"id": id_, "places": (at,)}))
    for start in range(0, count, 50):
        registry.write(*map(Create, copies[start : start + 50]))
    return [{"id": copy.id, "hash": copy.hash} for copy in copies]
