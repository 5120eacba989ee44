"""What a baseline file leaves out, at a location whose movements tell it.

A file without a column for committed, damaged or on hold says nothing of it. Where the location
has a ledger, the ledger does: it knows which orders are open and what is held. Else there is none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trueup.books.pages import Page
from trueup.books.schema import BASELINE, Unknown
from trueup.domain.imports import Import
from trueup.domain.ledger import LedgerDue
from trueup.domain.time import milliseconds
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.ledger.checkpoints import Asked, pin_ledger
from trueup.usecases.variances.expecting import Expecting

STRETCH = 5_000
"""SKUs whose ledger is looked at together."""


def carried(work: IngestWork, item: Import, rows: Iterable[Page]) -> Iterator[Page]:
    """The rows of a file, with what it leaves out as the ledger has it at the file's instant."""
    if not item.left_out or work.registry.get(LedgerDue, item.target) is None:
        yield from rows
        return
    at = milliseconds(item.as_of or item.created_at)
    pin = pin_ledger(work.registry, work.ledger, item.target, Asked(at=at))
    expecting = Expecting(work.pages, work.ledger, pin)
    for page in rows:
        for start in range(0, len(page), STRETCH):
            yield _filled(page.slice(start, min(start + STRETCH, len(page))), item, expecting, at)


def _filled(page: Page, item: Import, expecting: Expecting, at: int) -> Page:
    known = _known(expecting, page.keys, item.left_out, at)
    told = [unknown & Unknown.ON_HAND == 0 for unknown in page.ints["unknown"]]
    columns = {
        name: [
            max(known[key][name], 0) if has and key in known else 0
            for key, has in zip(page.keys, told, strict=True)
        ]
        for name in item.left_out
    }
    return Page(page.keys, {**page.ints, **columns}, page.texts)


def _known(
    expecting: Expecting, skus: Sequence[str], names: Sequence[str], at: int
) -> dict[str, Mapping[str, int]]:
    """The quantities named, of the SKUs of which something is known, at an instant."""
    lo, hi = skus[0], skus[-1] + "\x00"
    stated, touched = expecting.stated(lo, hi), expecting.touched(lo, hi)
    found: dict[str, Mapping[str, int]] = {
        sku: {name: row[BASELINE.ints.index(name)] for name in names} for sku, row in stated.items()
    }
    for sku, standing in expecting.standings(sorted(touched.intersection(skus))).items():
        position = standing.at(at)
        found[sku] = {name: getattr(position, name) for name in names}
    return found
