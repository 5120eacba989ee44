"""Rows to explain, drawn from a seed: dense in movements and evidence, and wild in quantities.

A seed, for a strategy of lists hardly ever draws ten movements that are all seen and all differ.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from trueup.domain.movements import BUCKETS, Bucket, Disposition, Movement, MovementKind
from trueup.domain.stock import Position, Terms, publishable
from trueup.explain.facts import Capture, Component, Facts, Push, Sibling, Snapshot, Stock
from trueup.explain.predicting import Row

CAPTURED = 100_000
END = 150_000
SETTLE = 20
"""Seconds."""

_KINDS = tuple(kind for kind in MovementKind if kind is not MovementKind.COUNT)
_BUCKETED = (MovementKind.ADJUSTMENT, MovementKind.COUNT, MovementKind.RECEIPT)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - cases, not secrets


def quantity(random: Random) -> int:
    return random.choice((random.randint(0, 12), random.randint(0, 12), 2 ** random.randint(0, 60)))


def unit(random: Random) -> int:
    """Mostly small; also huge, and below zero."""
    return random.choice((1, 1, 1, -1)) * quantity(random)


def movement(random: Random, *, counts: bool, sources: Sequence[str] = ("wms", "pos")) -> Movement:
    counted = counts and random.random() < 0.2
    kind = MovementKind.COUNT if counted else random.choice(_KINDS)
    bucket = random.choice(("", *BUCKETS)) if kind in _BUCKETED else ""
    if bucket == Bucket.COMMITTED and kind is not MovementKind.COUNT:
        bucket = ""
    releases = random.randint(0, 5) if random.random() < 0.2 else -1
    small = random.randint(0, 12)
    return Movement(
        kind,
        "MUG",
        "main",
        -small if kind is MovementKind.ADJUSTMENT and random.random() < 0.5 else small,
        random.randint(0, END),
        random.choice(sources),
        str(random.randint(0, 60)),
        reference=random.choice(("", "A", "B", "C")),
        bucket=bucket,
        disposition=random.choice(tuple(Disposition)),
        releases=releases if kind is MovementKind.SHIP else -1,
        claim=random.random() < 0.1,
        recorded_at=random.randint(0, END) if random.random() < 0.3 else 0,
    )


def movements(random: Random, most: int) -> tuple[Movement, ...]:
    """In no order, some of one id; in a third of the cases with counts."""
    counts = random.random() < 0.33
    return tuple(movement(random, counts=counts) for _ in range(random.randint(0, most)))


def position(random: Random) -> Position:
    on_hand = random.choice((None, unit(random), *(random.randint(0, 60) for _ in range(4))))
    committed, damaged, on_hold = (random.randint(0, 9) for _ in range(3))
    return Position(on_hand, committed, damaged, on_hold, random.choice((None, unit(random))))


def stock(random: Random, location: str = "main") -> Stock:
    return Stock(
        location,
        random.choice((100, 100, 100, 40, 1)),
        None if random.random() < 0.1 else position(random),
        random.choice((-1, -1, random.randint(0, CAPTURED))),
        random.choice((0, random.randint(0, 9))),
        {
            ("committed", name): random.randint(-3, 6)
            for name in ("A", "B")
            if random.random() < 0.2
        },
        movements(random, 12),
        tuple(Snapshot(random.randint(0, END), position(random)) for _ in range(3)),
        snapshots_only=random.random() < 0.1,
        settle_seconds=SETTLE,
    )


def stocks(random: Random) -> tuple[Stock, ...]:
    names = random.choice(((), ("main",), ("main",), ("main", "east"), ("main", "east", "west")))
    return tuple(stock(random, name) for name in names)


def terms(random: Random) -> Terms:
    return Terms(
        pack_size=random.choice((1, 1, 1, 2, 6)),
        buffer=random.choice((0, 0, 0, 3, 2**53)),
        backorder=random.choice((0, 0, 4)),
        cap=random.choice((None, None, None, 0, 5, 40)),
        allocation=random.choice((100, 100, 50, 1)),
    )


def push(random: Random) -> Push:
    return Push(
        random.choice("pqr"),
        random.randint(0, 30),
        random.randint(0, END),
        random.choice((None, random.randint(0, 30))),
        random.choice((None, random.randint(0, END))),
    )


def order(random: Random) -> Movement:
    kind = random.choice((MovementKind.RESERVE, MovementKind.SHIP))
    found = movement(random, counts=False, sources=("feed",))
    units = random.randint(0, 5)
    return msgspec.structs.replace(found, kind=kind, quantity=units, bucket="", claim=True)


def some(random: Random, most: int) -> range:
    """Often nothing."""
    return range(random.choice((0, 0, random.randint(0, most))))


def capture(random: Random) -> Capture:
    units = random.randint(0, 20)
    return Capture(
        random.randint(0, CAPTURED),
        random.choice((None, units, random.randint(0, 20))),
        random.choice((None, units)),
        matched=random.random() < 0.5,
    )


def facts(seed: int) -> Facts:
    """Anything that may be given; mostly the stocks give what was compared."""
    random = seeded(seed)
    kit = random.random() < 0.2
    parts = [Component(name, random.randint(1, 3), stocks(random)) for name in ("CUP", "LID")]
    bare = Facts(
        "MUG",
        "MUG",
        CAPTURED,
        CAPTURED + 5_000,
        terms(random),
        tolerated=random.random() < 0.1,
        sellable=unit(random),
        publishable=unit(random),
        reported=unit(random),
        allocated=random.choice((0, 0, random.randint(0, 9))),
        stocks=() if kit else stocks(random),
        components=tuple(parts) if kit else (),
        previous=capture(random) if random.random() < 0.3 else None,
        captures=random.randint(1, 3),
        pushes=tuple(push(random) for _ in some(random, 3)),
        push_settle_seconds=SETTLE,
        orders=tuple(order(random) for _ in some(random, 4)),
        order_references=frozenset(name for name in "ABC" if random.random() < 0.3),
        siblings=tuple(
            Sibling(name, random.randint(0, 9), random.randint(0, 9))
            for name in "xyz"
            if random.random() < 0.2
        ),
    )
    return bare if random.random() < 0.1 else _compared(random, bare)


def _compared(random: Random, bare: Facts) -> Facts:
    """What the stocks give where they are known, and something near it shown."""
    row = Row(bare)
    known = len(row.trails) == len(row.stocks) and row.groups and all(m for _, m in row.groups)
    sellable = row.sellable({}) if known else bare.sellable
    units = publishable(sellable, bare.terms) or 0
    shown = max(0, units + random.randint(-15, 15))
    return msgspec.structs.replace(bare, sellable=sellable, publishable=units, reported=shown)
