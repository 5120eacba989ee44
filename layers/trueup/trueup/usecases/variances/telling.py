"""The variance run: each statement that was taken over is compared with what was expected.

A statement leaves a `VarianceDue` in the transaction that takes it over. Whoever comes by compares
the oldest first; its book, its figures and the end of the due are one transaction. Whoever dies
before that leaves nothing but pages that are swept, and the due.
"""

from collections.abc import Callable
from typing import Any

from trueup.books.schema import VARIANCES
from trueup.domain.errors import ConflictError, DefectError, NotFoundError, RetryLaterError
from trueup.domain.imports import Import
from trueup.domain.runs import Head
from trueup.domain.sources import Domain, Ownership, Provides, Rules, Source, rule_for
from trueup.domain.time import Clock, milliseconds
from trueup.domain.variances import NoExpectation, VarianceDue, VarianceRun, VarianceTending
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Create, Registries, Registry, Remove, Replace, Stored, Write
from trueup.usecases.ingest.editions import Edition, Imprint, publishing, replaced, shelf
from trueup.usecases.ingest.validating import require_import, rows_of
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.variances.comparing import Comparison, Statement
from trueup.usecases.variances.costs import CostBook
from trueup.usecases.variances.expecting import Expecting, pin_expected
from trueup.usecases.whole import all_of

NEAR_SECONDS = 900
"""For statements that name no source: how far around its instant a cut-off is looked for."""

_ATTEMPTS = 8
LEAST_MS = 180_000
"""A comparison is begun only if the Lambda may still run for so long."""


def variances_book(location: str) -> str:
    return f"variances/{location}"


def tell_variances(work: IngestWork, location: str) -> int:
    """Compare all statements of a location that wait; how many. Repeating does no harm.

    RetryLaterError: others are at it all the time.
    """
    done = lost = 0
    while (due := _next(work.registry, location)) is not None:
        try:
            _tell(work, due)
            done += 1
        except ConflictError as error:  # another one did it, or our acknowledgement was lost
            lost += 1
            if lost >= _ATTEMPTS:
                raise RetryLaterError("Others are comparing this location.", 5) from error
    return done


def tell_due(
    registries: Registries,
    clock: Clock,
    work_of: Callable[[str], IngestWork],
    remaining_ms: Callable[[], int],
) -> int:
    """What an import's own execution did not come to, of all sellers; how many.

    DefectError, once all others are done: something could not be compared.
    """
    told, broken = 0, []
    for appointment in registries.due("variances", clock()):
        if remaining_ms() < LEAST_MS:
            break
        try:
            told += tell_variances(work_of(appointment.seller), appointment.identity[0])
        except (ConflictError, RetryLaterError):
            continue  # the next call looks again
        except DefectError as error:  # others, who may be other sellers, do not wait for it
            broken.append(error)
    if broken:
        raise DefectError(f"{len(broken)} statements could not be compared.") from broken[0]
    return told


def _next(registry: Registry, location: str) -> Stored[VarianceDue] | None:
    items = registry.list(VarianceDue, location, limit=1).items
    return items[0] if items else None


def _tell(work: IngestWork, stored: Stored[VarianceDue]) -> None:
    due = stored.value
    none = _no_expectation(work, due)
    made = _Told(work, due)
    edition, figures = made.nothing(none) if none else made.compared()
    run = _run(work, due, edition, figures)
    writes: list[Write] = [*publishing(edition, _imprint(due, run)), Create(run)]
    if run.none is None:
        writes += tending(work.registry, work.clock, due.location)
    work.registry.write(*writes, Remove(due, stored.version))


def tending(registry: Registry, clock: Clock, location: str) -> list[Write]:
    """The write that has a location's cases looked after soon."""
    new = VarianceTending(location=location, due_at=clock())
    known = registry.get(VarianceTending, location)
    return [Create(new) if known is None else Replace(new, known.version)]


def _no_expectation(work: IngestWork, due: VarianceDue) -> NoExpectation | None:
    """Why nothing can be expected of a statement; None: something can."""
    if due.before is None:
        return NoExpectation.FIRST
    owner = _owner(work.registry, due)
    if owner is not None:
        return NoExpectation.SNAPSHOTS if owner.provides is Provides.SNAPSHOTS else None
    stream = movements_stream(due.location)
    moved = any(work.ledger.last(stream, shard) for shard in range(SHARDS))
    return None if moved else NoExpectation.NO_MOVEMENTS


def _owner(registry: Registry, due: VarianceDue) -> Source | None:
    """Whose movements hold at the location, else whose positions, else who stated this."""
    rules: Rules = {
        (s.value.domain, s.value.location): s.value for s in all_of(registry, Ownership)
    }
    found = (rule_for(rules, d, due.location) for d in (Domain.MOVEMENTS, Domain.POSITIONS))
    code = next((rule.source for rule in found if rule is not None), due.source)
    source = registry.get(Source, code) if code else None
    return source.value if source else None


class _Told:
    """One statement's book and figures, written and not visible yet."""

    def __init__(self, work: IngestWork, due: VarianceDue) -> None:
        self._work = work
        self._due = due
        self._shelf = shelf(work.registry, work.pages, variances_book(due.location), VARIANCES)

    def nothing(self, none: NoExpectation) -> tuple[Edition, dict[str, Any]]:
        known_at = milliseconds(self._work.clock())
        return replaced(self._shelf, ()), {"none": none, "known_at": known_at}

    def compared(self) -> tuple[Edition, dict[str, Any]]:
        try:
            return self._compared(require_import(self._work, self._due.imported).value)
        except NotFoundError:  # the file's rows are kept for some time only
            return self.nothing(NoExpectation.GONE)

    def _compared(self, item: Import) -> tuple[Edition, dict[str, Any]]:
        work, due = self._work, self._due
        if due.before is None:
            return self.nothing(NoExpectation.FIRST)
        known_at, near = milliseconds(work.clock()), _near(work.registry, due.source)
        pin = pin_expected(work.registry, work.ledger, due.location, due.before)
        statement = Statement(
            rows_of(work, item), due.complete, milliseconds(due.as_of), near, known_at
        )
        costs = CostBook(work.registry, work.pages, due.location)
        expecting = Expecting(work.pages, work.ledger, pin)
        comparison = Comparison(expecting, costs, statement)
        edition = replaced(self._shelf, comparison.pages())
        known = {"near": near, "known_at": known_at, "cut": pin.cut}
        return edition, known | comparison.counted.figures


def _near(registry: Registry, code: str | None) -> int:
    source = registry.get(Source, code) if code else None
    return 1_000 * (source.value.settle_seconds if source else NEAR_SECONDS)


def _run(
    work: IngestWork, due: VarianceDue, edition: Edition, figures: dict[str, Any]
) -> VarianceRun:
    run = VarianceRun(
        location=due.location,
        version=edition.shelf.version + 1,
        imported=due.imported,
        source=due.source,
        as_of=due.as_of,
        at=work.clock(),
        before=due.before,
        stated=due.stated,
        **figures,
    )
    earlier = latest_run(work.registry, due.location)
    since = earlier.first_seen if earlier else {}
    seen = {group.cause: since.get(group.cause, due.as_of) for group in run.groups}
    return run.model_copy(update={"first_seen": seen})


def _imprint(due: VarianceDue, run: VarianceRun) -> Imprint:
    return Imprint(
        version=run.version, as_of=due.as_of, made_by=due.imported, at=run.at, source=due.source
    )


def latest_run(registry: Registry, location: str) -> VarianceRun | None:
    """The newest comparison of a location, that of the visible book."""
    head = registry.get(Head, variances_book(location))
    if head is None:
        return None
    stored = registry.get(VarianceRun, location, f"{head.value.version:012d}")
    return stored.value if stored else None
