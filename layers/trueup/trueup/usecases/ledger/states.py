"""Reading what a checkpoint says of SKUs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trueup.books.schema import BASELINE
from trueup.domain.ledger import LedgerPin
from trueup.domain.runs import BookPin
from trueup.ledger.books import NETS, POSITIONS, default_state, net_of_row, state_of
from trueup.ledger.standings import stated_at, stated_by
from trueup.ledger.state import Net, State, Stated
from trueup.ports import PageStore
from trueup.usecases.books import open_book

Nets = dict[tuple[int, str], Net]
_FEW = 20
"""So many SKUs are looked up one by one; of more, the range from the first to the last is read."""


def positions_book(location: str) -> str:
    return f"positions/{location}"


def nets_book(location: str) -> str:
    return f"nets/{location}"


def states_at(pages: PageStore, pin: LedgerPin, skus: Sequence[str]) -> dict[str, State]:
    """The states of some sorted SKUs at the pin's `until`: of each, with the nets it has.

    Where the pin's baseline is later, it has yet to be applied to them (`State.anchor`).
    """
    nets = nets_of(pages, pin, skus)
    states = bare_states(pages, pin, skus)
    for sku, state in states.items():
        state.nets = nets.get(sku, {})
    return states


def bare_states(pages: PageStore, pin: LedgerPin, skus: Sequence[str]) -> dict[str, State]:
    """As `states_at`, without nets."""
    rows = rows_of(pages, pin.positions, POSITIONS, skus)
    built = 0 <= pin.baseline_at <= pin.until
    # Only rows with instants of their own are needed for SKUs that the checkpoint has.
    asked = skus if pin.stated_to > pin.baseline_at else [sku for sku in skus if sku not in rows]
    stated = stated_for(pages, pin, asked) if built else {}
    # Of an older baseline only that it comes before what follows matters here.
    usual = Stated(None, pin.baseline_at if built else pin.until)
    return {
        sku: state_of(rows[sku], stated.get(sku, usual).at)
        if sku in rows
        else default_state(stated.get(sku))
        for sku in skus
    }


def stated_for(pages: PageStore, pin: LedgerPin, skus: Sequence[str]) -> dict[str, Stated]:
    """What the pin's baseline says of each of some sorted SKUs, and of when."""
    if pin.baseline is None:
        return {}
    rows = rows_of(pages, pin.baseline, BASELINE, skus)
    complete = pin.baseline.complete
    return {
        sku: Stated(stated_by(row, complete=complete), stated_at(row) or pin.baseline_at)
        for sku in skus
        for row in (rows.get(sku),)
    }


def rows_of(
    pages: PageStore, pinned: BookPin | None, schema: Any, skus: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    return open_book(pages, pinned, schema).get(skus) if pinned and skus else {}


def nets_of(pages: PageStore, pin: LedgerPin, skus: Sequence[str]) -> dict[str, Nets]:
    """Nets of some sorted SKUs."""
    if pin.nets is None or not skus:
        return {}
    wanted = set(skus)
    ranges = [(s, s) for s in skus] if len(skus) <= _FEW else [(skus[0], skus[-1])]
    reader = open_book(pages, pin.nets, NETS)
    pages_of = (page for lo, hi in ranges for page in reader.scan(lo, hi + "\x01"))
    rows = (row for page in pages_of for row in page.rows())
    return _by_sku((net_of_row(row) for row in rows), wanted)


def all_nets(pages: PageStore, pinned: BookPin | None) -> dict[str, Nets]:
    """All that is open at a location, by SKU."""
    if pinned is None:
        return {}
    reader = open_book(pages, pinned, NETS)
    return _by_sku((net_of_row(row) for page in reader.scan() for row in page.rows()), None)


def skus_in(pages: PageStore, pinned: BookPin | None) -> Iterator[str]:
    """The SKUs of a book of positions, in order."""
    if pinned is not None:
        for page in open_book(pages, pinned, POSITIONS).scan():
            yield from page.keys


def _by_sku(
    found: Iterable[tuple[str, tuple[int, str], Net]], wanted: set[str] | None
) -> dict[str, Nets]:
    nets: dict[str, Nets] = defaultdict(dict)
    for sku, key, net in found:
        if wanted is None or sku in wanted:
            nets[sku][key] = net
    return dict(nets)
