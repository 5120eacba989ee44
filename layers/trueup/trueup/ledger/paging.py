"""Standings as pages of the MOVEMENTS schema, and back: what a run keeps of a location's ledger."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from msgspec.structs import replace

from trueup.books.pages import Page
from trueup.books.schema import MOVEMENTS, Unknown
from trueup.domain.keys import SEPARATOR, sku_of
from trueup.domain.movements import (
    BUCKETS,
    Bucket,
    Movement,
    MovementKind,
    direct_effect,
    net_of,
)
from trueup.domain.stock import Position
from trueup.ledger.standings import Standing

_WIDTH = 7
"""Digits of an ordinal: a SKU's rows sort as texts."""

_COLUMNS = MOVEMENTS.ints + MOVEMENTS.texts
_NO_EFFECT = (0,) * len(BUCKETS)
_Row = tuple[Any, ...]
_Groups = dict[str, int]
"""The numbers of the references that a SKU's commitments are netted by."""


def page_of(standings: Iterable[Standing]) -> Page:
    """Standings, sorted by SKU, as one page."""
    keys: list[str] = []
    rows: list[_Row] = []
    for standing in standings:
        told = list(_rows(standing))
        keys += [key_of(standing.sku, ordinal) for ordinal in range(len(told))]
        rows += told
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    named = dict(zip(_COLUMNS, columns, strict=True))
    ints = {name: named[name] for name in MOVEMENTS.ints}
    return Page(keys, ints, {name: named[name] for name in MOVEMENTS.texts})


def key_of(sku: str, ordinal: int) -> str:
    return f"{sku}{SEPARATOR}{ordinal:0{_WIDTH}d}"


def standings_in(page: Page, location: str) -> Iterator[Standing]:
    """The standings of a page of `page_of`."""
    for start, stop in spans_in(page):
        yield standing_in(page, location, start, stop)


def standing_upon(still: Standing, page: Page, location: str, start: int, stop: int) -> Standing:
    """As `standing_in`; where its rows do not say where it starts from, that is `still`."""
    if not page.ints["kind"][start]:
        return standing_in(page, location, start, stop)
    told = [_movement(page, row, still.sku, location) for row in range(start, stop)]
    movements = tuple(movement for movement in told if not movement.claim)
    claims = tuple(movement for movement in told if movement.claim)
    return replace(still, movements=movements, claims=claims)


def spans_in(page: Page) -> Iterator[tuple[int, int]]:
    """Where each SKU's rows begin and end, of a page that begins and ends between two SKUs."""
    starts = [row for row, ordinal in enumerate(page.ints["ordinal"]) if not ordinal]
    return zip(starts, [*starts[1:], len(page)], strict=False)


def standing_in(page: Page, location: str, start: int, stop: int) -> Standing:
    """The standing of one SKU, whose rows are `start` to before `stop`, the base first."""
    ints, texts = page.ints, page.texts
    sku, behind = sku_of(page.keys[start]), range(start + 1, stop)
    base, parts = _base(page, start)
    nets = {
        (texts["bucket"][row], texts["reference"][row]): ints["quantity"][row]
        for row in behind
        if not ints["kind"][row]
    }
    told = [_movement(page, row, sku, location) for row in behind if ints["kind"][row]]
    return Standing(
        sku=sku,
        base=base,
        base_at=ints["occurred_at"][start],
        parts=parts,
        in_transit=ints["in_transit"][start],
        nets=nets,
        movements=tuple(movement for movement in told if not movement.claim),
        claims=tuple(movement for movement in told if movement.claim),
    )


def _rows(standing: Standing) -> Iterator[_Row]:
    yield _base_row(standing)
    groups: _Groups = {}
    count = 1
    for (bucket, reference), net in sorted(standing.nets.items()):
        yield _net_row(standing, bucket, reference, net, groups, count)
        count += 1
    told: Iterable[Movement] = standing.movements
    if standing.claims:
        told = sorted((*standing.movements, *standing.claims), key=_order)
    for ordinal, movement in enumerate(told, count):
        yield _movement_row(movement, groups, ordinal)


def _order(movement: Movement) -> tuple[int, str, str]:
    return movement.order


def _base_row(standing: Standing) -> _Row:
    known = standing.base
    parts = known or standing.parts
    on_hand = known.on_hand if known else None
    stated = known.stated if known and on_hand is None else None
    unknown = (Unknown.ON_HAND if on_hand is None else 0) | (
        Unknown.STATED if stated is None else 0
    )
    quantities = (on_hand or 0, parts.committed, parts.damaged, parts.on_hold, standing.in_transit)
    ints = (standing.base_at, 0, 0, 0, *quantities, stated or 0, unknown, 0, 0, -1, -1, 0, 0)
    return (*ints, *("",) * len(MOVEMENTS.texts))


def _net_row(
    standing: Standing, bucket: str, reference: str, net: int, groups: _Groups, ordinal: int
) -> _Row:
    commits = bucket == Bucket.COMMITTED
    group = groups.setdefault(reference, len(groups)) if commits else -1
    head = (standing.base_at, ordinal, 0, net, *_NO_EFFECT, 0, 0, 0)
    ints = (*head, net if commits else 0, group, -1, 0, 0)
    return (*ints, "", "", reference, "", "", bucket, "", "", "")


def _movement_row(movement: Movement, groups: _Groups, ordinal: int) -> _Row:
    effect, sets, netted, group = _NO_EFFECT, 0, 0, -1
    if not movement.claim:
        effect, sets = _effect(movement), _sets(movement)
        netted = _netted(movement)
        if netted:
            group = groups.setdefault(movement.reference, len(groups))
    m = movement
    head = (m.occurred_at, ordinal, m.kind, m.quantity, *effect, 0, 0, sets, netted, group)
    texts = (m.id, m.source, m.reference, m.actor, m.reason, m.bucket, m.disposition)
    return (*head, m.releases, int(m.claim), m.recorded_at, *texts, m.counterpart, m.bin)


def _effect(movement: Movement) -> tuple[int, ...]:
    if movement.releases >= 0:
        found = direct_effect(movement)
        return tuple(found.get(bucket, 0) for bucket in BUCKETS)
    a, b, c, d, e, *_ = one_unit(movement.kind, movement.bucket, movement.disposition)
    units = movement.quantity
    return (a * units, b * units, c * units, d * units, e * units)


@cache
def one_unit(kind: int, bucket: str, disposition: str) -> tuple[int, ...]:
    """What one unit adds to each bucket and to the commitment of its reference; what it sets.

    Of a ship that does not say itself what it releases.
    """
    one = replace(_ONE, kind=kind, bucket=bucket, disposition=disposition)
    effect = direct_effect(one)
    return (*(effect.get(name, 0) for name in BUCKETS), _netted(one), _sets(one))


_ONE = Movement(0, "", "", 1, 0, "", "", reference="any")


def _sets(movement: Movement) -> int:
    if movement.kind != MovementKind.COUNT:
        return 0
    return 1 + BUCKETS.index(Bucket(movement.bucket or Bucket.ON_HAND))


def _netted(movement: Movement) -> int:
    found = net_of(movement)
    return found[1] if found and found[0] is Bucket.COMMITTED else 0


def _base(page: Page, row: int) -> tuple[Position | None, Position]:
    ints = {name: column[row] for name, column in page.ints.items()}
    parts = (ints["committed"], ints["damaged"], ints["on_hold"])
    on_hand = None if ints["unknown"] & Unknown.ON_HAND else ints["on_hand"]
    stated = None if ints["unknown"] & Unknown.STATED else ints["stated"]
    position = Position(on_hand, *parts, stated)
    return (None if position.sellable is None else position), position


def _movement(page: Page, row: int, sku: str, location: str) -> Movement:
    ints, texts = page.ints, page.texts
    return Movement(
        kind=ints["kind"][row],
        sku=sku,
        location=location,
        quantity=ints["quantity"][row],
        occurred_at=ints["occurred_at"][row],
        source=texts["source"][row],
        id=texts["id"][row],
        reference=texts["reference"][row],
        actor=texts["actor"][row],
        reason=texts["reason"][row],
        bucket=texts["bucket"][row],
        disposition=texts["disposition"][row],
        releases=ints["releases"][row],
        counterpart=texts["counterpart"][row],
        bin=texts["bin"][row],
        claim=bool(ints["claim"][row]),
        recorded_at=ints["recorded_at"][row],
    )
