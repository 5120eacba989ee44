"""Plans that are made, decided and pushed by the product itself, so that they can be repeated."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.force_world import ForceWorld
from tests.world import ACCOUNT, SELLER
from trueup.domain.force import ForcePlan, ForceSettings, Share, Skip
from trueup.ports import Create
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import Counter, decide
from trueup.usecases.force.log import scan
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.log_rows import LogRow
from trueup.usecases.force.planning import BATCH, plan_force
from trueup.usecases.force.planning_job import PlanJob, planned_reader
from trueup.usecases.force.proposing import Proposal, propose_plan
from trueup.usecases.force.retrying_pushes import Again, retry_pushes
from trueup.usecases.force.undoing import Undoing, undo_plan

NO_LIMITS: dict[str, Any] = {
    "share": None,
    "to_zero": None,
    "units": None,
    "unexplained": None,
    "first_rows": 1_000_000,
}


class AgainWorld(ForceWorld):
    def __init__(
        self, showed: Mapping[str, int], wanted: Mapping[str, int], **modes: object
    ) -> None:
        super().__init__(**modes)
        self.furnish(showed, wanted)
        settings = ForceSettings(account=ACCOUNT, orders_covered=False, **NO_LIMITS)
        self.registry.write(Create(settings))
        self.reconcile()

    def forced(self, batch: int = BATCH) -> ForcePlan:
        """All that differs is forced."""
        asked = Proposal(ACCOUNT, ["1"], "ada")
        plan = propose_plan(self.work(), self.machines, self.new_id, asked)
        return self.settled(self.made(plan, batch))

    def undo(self, plan: ForcePlan, *, above: bool = False, batch: int = BATCH) -> ForcePlan:
        """The plan of an undo, made."""
        undoing = Undoing(ACCOUNT, plan.id, "ada", above)
        return self.made(undo_plan(self.work(), self.machines, self.new_id, undoing), batch)

    def retry(self, pushes: Sequence[str] = (), **fitting: Any) -> ForcePlan:
        """The plan of a retry, made."""
        again = Again(ACCOUNT, "ada", pushes, **fitting)
        return self.made(retry_pushes(self.work(), self.machines, self.new_id, again))

    def made(self, plan: ForcePlan, batch: int = BATCH) -> ForcePlan:
        job = PlanJob(schema=1, seller=SELLER, account=ACCOUNT, plan=plan.id)
        plan_force(self.work(), job, lambda: 600_000, batch)
        return self.found(plan)

    def settled(self, plan: ForcePlan, *, approving: bool = False) -> ForcePlan:
        """Decided and pushed to its end, a minute later."""
        self.now += timedelta(minutes=1)
        self.begin(plan, approving=approving)
        return self.force(plan)

    def begin(self, plan: ForcePlan, *, approving: bool = False) -> None:
        counter = Counter(self.registry, self.machines, self.clock, lambda: range(3))
        decide(counter, ACCOUNT, plan.id, Wish("bea", plan.hash, Share.ALL, "", approving))

    def planned(self, plan: ForcePlan, place: str = "1") -> dict[str, dict[str, Any]]:
        """The rows of a plan by key."""
        (of,) = (p for p in plan.places if p.channel_location == place)
        reader = planned_reader(self.pages, plan.id, of)
        return {row["key"]: row for page in reader.scan() for row in page.rows()}

    def skips(self, plan: ForcePlan, place: str = "1") -> dict[str, Skip]:
        return {key: Skip(row["skip"]) for key, row in self.planned(plan, place).items()}

    def shown(self) -> dict[str, int]:
        return {key: held.available for (_, key), held in sorted(self.till.stock.items())}

    def log(self, **filters: Any) -> dict[str, LogRow]:
        """Rows by SKU, of each the latest."""
        found: dict[str, LogRow] = {}
        for row in scan(self.registry, LogFilters(**filters)):
            found.setdefault(row.sku, row)
        return found
