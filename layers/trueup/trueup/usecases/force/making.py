"""A batch of a plan's rows, made from what is visible and from the ledger as it stands now."""

from collections.abc import Iterator, Sequence

from trueup.domain.accounts import Account, Link
from trueup.domain.errors import DefectError
from trueup.domain.force import ForcePlan, ForceSettings, OrdersCovered
from trueup.domain.runs import Run
from trueup.domain.time import milliseconds
from trueup.usecases.exceptions.accepted import Pinned, acceptances_of
from trueup.usecases.force.planned_rows import Judged, Row, Rules, row_of
from trueup.usecases.force.planning_job import Begun
from trueup.usecases.force.recomputing import Present
from trueup.usecases.force.targets import Visible, Wanted
from trueup.usecases.overlays import overlays_of
from trueup.usecases.rows.candidates import gap_of
from trueup.usecases.rows.sources import Attempt, Source, place_of
from trueup.usecases.work import Work


def visible_at(work: Work, account: Account, begun: Begun) -> Visible:
    """The version that was visible when the location was begun, with the overlays of now."""
    registry, head = work.registry, begun.head
    if head is None:
        raise DefectError("Rows are made of a version that nobody named.")
    run = registry.get(Run, account.id, head.made_by)
    laid = overlays_of(registry, account.id, begun.location)
    source = Source(
        account=account,
        place=place_of(account, begun.location),
        version=head,
        run=run.value if run else None,
        attempt=Attempt(head.made_by, head.at, None),
        overlays={k: overlay for k, overlay in laid.items() if overlay.captured_at > head.as_of},
    )
    return Visible(account, source, work.pages)


def made_rows(
    work: Work,
    plan: ForcePlan,
    settings: ForceSettings,
    visible: Visible,
    wanted: Sequence[Wanted],
) -> Iterator[Row]:
    """The rows of the plan's book. Where the location is not linked any more, none is mapped."""
    link = work.registry.get(Link, plan.account, visible.location)
    present = Present(work, visible.account, link.value) if link and wanted else None
    rules = _rules(work, plan, settings, present)
    shown = {one.key: Judged(one, None).showed for one in wanted}
    standings = present.of(shown) if present else {}
    accepted = _accepted(work, visible, wanted)
    for one in wanted:
        held = accepted.holds(one.key, gap_of(dict(one.values)))
        yield row_of(Judged(one, standings.get(one.key), held), rules)


def _accepted(work: Work, visible: Visible, wanted: Sequence[Wanted]) -> Pinned:
    found = acceptances_of(work.registry, visible.account.id, visible.location, work.clock())
    return Pinned(work.pages, found if wanted else (), wanted[0].key if wanted else None)


def _rules(work: Work, plan: ForcePlan, settings: ForceSettings, present: Present | None) -> Rules:
    covered = work.registry.get(OrdersCovered, plan.account)
    return Rules(
        settings=settings,
        covered=milliseconds(covered.value.until) if covered else None,
        oldest=present.inputs.oldest(present.now) if present else None,
        include_settling=plan.scope.include_settling,
    )
