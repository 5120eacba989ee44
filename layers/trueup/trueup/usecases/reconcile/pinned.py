"""What one child of the Map compares with: all that its run has pinned, fetched and gathered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from trueup.books.schema import OBSERVATIONS
from trueup.books.segments import SegmentSet
from trueup.domain.accounts import Link
from trueup.domain.runs import Fetch, Inputs
from trueup.domain.time import milliseconds
from trueup.usecases.joining import Joint
from trueup.usecases.members import MemberStock, members_of
from trueup.usecases.reconcile.facts import LedgerFacts, evidence_of
from trueup.usecases.reconcile.gathering import LedgerEvidence, gathered_evidence
from trueup.usecases.reconcile.job import Job, fetch_of, run_of
from trueup.usecases.reconcile.parts import PlanItem
from trueup.usecases.reconcile.pushed import RangePushes
from trueup.usecases.reconcile.siblings import Elsewhere
from trueup.usecases.work import Work


@dataclass(frozen=True)
class Pinned:
    """Of one key range of one channel location, and of the others where rows need them."""

    work: Work
    item: PlanItem
    inputs: Inputs
    fetch: Fetch
    ledger: LedgerEvidence

    @classmethod
    def of(cls, work: Work, job: Job, item: PlanItem, others: Inputs | None = None) -> "Pinned":
        """`others`: what is compared with instead of the run's own."""
        inputs = others or run_of(work, job).value.inputs
        fetch = fetch_of(work, job).value
        ledger = gathered_evidence(work, job, inputs)
        inputs = inputs.model_copy(update={"ledgers": ledger.pins})
        return cls(work, item, inputs, fetch, ledger)

    @cached_property
    def observed(self) -> SegmentSet:
        return SegmentSet(self.work.evidence, self.fetch.segments, OBSERVATIONS)

    @cached_property
    def members(self) -> list[MemberStock]:
        return self._members(self.link(self.item.location))

    @property
    def captured_from(self) -> int:
        """The oldest capture, milliseconds."""
        oldest = self.fetch.captured_from
        return milliseconds(oldest) if oldest else self.item.now

    @property
    def captured_to(self) -> int:
        """The newest capture, milliseconds."""
        newest = self.fetch.captured_to
        return milliseconds(newest) if newest else self.item.now

    def link(self, place: str) -> Link:
        return next(link for link in self.inputs.links if link.channel_location == place)

    def joint(self, place: str, members: Sequence[MemberStock] | None = None) -> Joint:
        """What a channel location's rows are compared with."""
        link = self.link(place)
        mine = self._members(link) if members is None else members
        times = {"now": self.item.now, "at": self.captured_to}
        return Joint(self.work.pages, self.inputs, link, mine, **times)

    def evidence(self) -> LedgerFacts:
        """What is known of the range's rows beside what they are."""
        item = self.item
        pushed = RangePushes(self.ledger.pushes, item.location, item.lo, item.hi)
        others = [
            link.channel_location
            for link in self.inputs.links
            if link.channel_location not in {item.location, *self.fetch.failed_locations}
        ]
        elsewhere = Elsewhere(self.observed, others, self.joint) if others else None
        return evidence_of(self.work, self.inputs, self.members, item.now, pushed, elsewhere)

    def _members(self, link: Link) -> list[MemberStock]:
        return members_of(self.inputs, link, self.ledger.moves, self.captured_to)
