"""The data of an export, in batches of columns."""

from collections.abc import Iterator, Sequence
from itertools import islice

from trueup.domain.errors import DefectError
from trueup.ports import PageStore, Registry
from trueup.tables.model import Batch
from trueup.usecases.exports import others
from trueup.usecases.exports.frozen import Frozen
from trueup.usecases.exports.rows import row_batches

_ROWS = 500
"""Of a batch that is put together row by row."""


def batches_of(
    registry: Registry,
    pages: PageStore,
    frozen: Frozen,
    names: Sequence[str],
    unreadable: list[int] | None = None,
) -> Iterator[Batch]:
    """All rows of what was frozen, in its order, with these columns.

    The sequences of records that cannot be read are added to `unreadable`, as they are met.
    """
    if frozen.filters is not None:
        return row_batches(pages, frozen.sources, frozen.filters, names)
    return _batched(_rows(registry, pages, frozen, [] if unreadable is None else unreadable), names)


def _rows(
    registry: Registry, pages: PageStore, frozen: Frozen, unreadable: list[int]
) -> Iterator[others.Row]:
    if frozen.asked is not None and frozen.standing is not None:
        (source,) = frozen.sources
        return others.exceptions(pages, frozen.asked, source, frozen.standing)
    if frozen.pushed is not None:
        return others.pushes(registry, frozen.pushed, frozen.accounts)
    if frozen.wanted is not None:
        return others.changes(registry, frozen.wanted, frozen.audit_head, unreadable)
    raise DefectError("Nothing was frozen for this export.")


def _batched(rows: Iterator[others.Row], names: Sequence[str]) -> Iterator[Batch]:
    while some := list(islice(rows, _ROWS)):
        yield [[row[name] for row in some] for name in names]
