"""A live account whose channel can be pushed to, and the making of its plans."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.shelf import Shelf
from tests.world import ACCOUNT, SELLER, World
from trueup.books.pages import Page
from trueup.books.schema import LISTINGS, Unset
from trueup.domain.accounts import Account, Mode
from trueup.domain.force import ForcePlan, ForceSettings, OrdersCovered, PlanPlace, Skip
from trueup.ports import Create, Replace
from trueup.usecases import books
from trueup.usecases.force.planning import BATCH, plan_force
from trueup.usecases.force.planning_job import PlanJob, planned_reader
from trueup.usecases.force.proposing import Proposal, propose_plan

Stock = Mapping[str, int]
AMPLE = lambda: 600_000  # noqa: E731 - milliseconds that a Lambda has left


class PlanningWorld(World):
    """Positions of location ``main`` are `on_hand`; the channel's location ``1`` `shows`."""

    def __init__(
        self,
        on_hand: Stock,
        shows: Mapping[str, int | None],
        *,
        listed: Sequence[str] | None = None,
        links: Mapping[str, Sequence[str]] | None = None,
        **account: Any,
    ) -> None:
        places = links or {"1": ["main"]}
        stock = {(place, sku): shown for place in places for sku, shown in shows.items()}
        super().__init__(Shelf(stock, locations=tuple(places)))
        self.link(places, **account)
        self.baseline("main", on_hand)
        self.listings(listed if listed is not None else sorted(set(on_hand) | set(shows)))

    def live(self, **abilities: Any) -> None:
        """Let the account be pushed to."""
        given = {"can_push": True, "takes": "available", "push_batch": 10, **abilities}
        self.change(mode=Mode.LIVE, abilities=given)

    def change(self, abilities: Mapping[str, Any] | None = None, **changes: Any) -> None:
        stored = self.registry.get(Account, ACCOUNT)
        assert stored is not None
        assert stored.value.capabilities is not None
        able = stored.value.capabilities.model_copy(update=dict(abilities or {}))
        changed = stored.value.model_copy(update={**changes, "capabilities": able})
        self.registry.write(Replace(changed, stored.version))

    def settings(self, **fields: Any) -> None:
        self.put(ForceSettings(account=ACCOUNT, **fields))

    def covered(self, until: datetime) -> None:
        """The importer says that all orders up to then are in the ledger."""
        self.put(OrdersCovered(account=ACCOUNT, until=until, stated_by="ada", stated_at=self.now))

    def put(self, entity: Any) -> None:
        stored = self.registry.get(type(entity), *entity.identity)
        self.registry.write(Replace(entity, stored.version) if stored else Create(entity))

    def priced(self, skus: Sequence[str], prices: Mapping[str, tuple[int, str]]) -> None:
        """Listings with prices, in minor units and a currency."""
        keys = sorted(skus)
        unset = Unset.BUFFER | Unset.CAP | Unset.COST
        ints = {
            "pack_size": [1] * len(keys),
            "price": [prices.get(key, (0, ""))[0] for key in keys],
            "unset": [unset | (0 if key in prices else Unset.PRICE) for key in keys],
        }
        texts = {"currency": [prices.get(key, (0, ""))[1] for key in keys]}
        self._book(books.listings_book(ACCOUNT), LISTINGS, Page(keys, ints, texts))

    # Planning -----------------------------------------------------------------------------------

    def ask(self, locations: Sequence[str] = ("1",), **more: Any) -> ForcePlan:
        proposal = Proposal(account=ACCOUNT, locations=locations, by="ada", **more)
        return propose_plan(self.work(), self.machines, self.new_id, proposal)

    def make(self, plan: ForcePlan, batch: int = BATCH) -> ForcePlan:
        job = job_of(plan)
        plan_force(self.work(), job, AMPLE, batch)
        return self.plan(plan.id)

    def planned(
        self, locations: Sequence[str] = ("1",), batch: int = BATCH, **more: Any
    ) -> ForcePlan:
        return self.make(self.ask(locations, **more), batch)

    def plan(self, id_: str) -> ForcePlan:
        stored = self.registry.get(ForcePlan, ACCOUNT, id_)
        assert stored is not None
        return stored.value

    def planned_rows(self, plan: ForcePlan, place: str = "1") -> dict[str, dict[str, Any]]:
        """The rows of a plan at a location, by key."""
        reader = planned_reader(self.pages, plan.id, place_of(plan, place))
        return {row["key"]: row for page in reader.scan() for row in page.rows()}

    def skips(self, plan: ForcePlan, place: str = "1") -> dict[str, Skip]:
        return {key: Skip(row["skip"]) for key, row in self.planned_rows(plan, place).items()}

    def targets(self, plan: ForcePlan, place: str = "1") -> dict[str, int]:
        """Of the rows that would be pushed."""
        rows = self.planned_rows(plan, place)
        return {key: row["target"] for key, row in rows.items() if not row["skip"]}


def place_of(plan: ForcePlan, location: str) -> PlanPlace:
    return next(place for place in plan.places if place.channel_location == location)


def job_of(plan: ForcePlan) -> PlanJob:
    given = {"schema": 1, "seller": SELLER, "account": plan.account, "plan": plan.id}
    return PlanJob.model_validate(given)


def compared(
    on_hand: Stock, shows: Mapping[str, int | None], *, covered: bool = True, **more: Any
) -> PlanningWorld:
    """A live account that was compared; all orders are imported unless told."""
    world = PlanningWorld(on_hand, shows, **more)
    world.reconcile()
    world.live()
    if covered:
        world.covered(world.now + timedelta(days=1))
    return world
