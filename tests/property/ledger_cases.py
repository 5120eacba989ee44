"""What a ledger may say of a few SKUs: bases, and movements of all kinds since."""

from hypothesis import strategies as st

from trueup.domain.movements import Disposition, Movement, MovementKind
from trueup.domain.stock import Position
from trueup.ledger.standings import Standing

BASE_AT = 1_000
INSTANTS = st.integers(BASE_AT + 1, BASE_AT + 12)
LARGE = 2**53 - 1
_QUANTITIES = st.one_of(*[st.integers(0, 6)] * 12, st.just(LARGE))
_ADJUSTED = (MovementKind.ADJUSTMENT, MovementKind.COUNT, MovementKind.RECEIPT)
_REFERENCES = st.sampled_from(["", "o1", "o2", "o3"])


@st.composite
def movements(draw: st.DrawFn, sku: str, number: int, location: str = "main") -> Movement:
    kind = draw(st.sampled_from([*MovementKind, *[MovementKind.RESERVE, MovementKind.SHIP] * 3]))
    quantity = draw(_QUANTITIES)
    if kind is MovementKind.ADJUSTMENT and draw(st.booleans()):
        quantity = -quantity
    buckets = ["", "committed", "damaged", "on_hold", "in_transit"]
    returned = kind is MovementKind.RETURN
    shipped = kind is MovementKind.SHIP and draw(st.integers(0, 4)) == 0
    return Movement(
        kind=kind,
        sku=sku,
        location=location,
        quantity=quantity,
        occurred_at=draw(INSTANTS),
        source=draw(st.sampled_from(["erp", "wms"])),
        id=f"{number}",
        reference=draw(_REFERENCES),
        bucket=draw(st.sampled_from(buckets)) if kind in _ADJUSTED else "",
        disposition=draw(st.sampled_from(list(Disposition))) if returned else "",
        releases=draw(st.integers(0, 3)) if shipped else -1,
        claim=draw(st.integers(0, 6)) == 0,
        recorded_at=BASE_AT + number,
    )


@st.composite
def bases(draw: st.DrawFn) -> tuple[Position | None, Position]:
    """What is known of a base, and what is committed, damaged and on hold at it anyway."""
    few = st.integers(0, 4)
    parts = (draw(few), draw(few), draw(few))
    on_hand = draw(st.sampled_from([None, 0, 3, 10, 10, 10, LARGE]))
    stated = draw(st.sampled_from([None, None, 7])) if on_hand is None else None
    position = Position(on_hand, *parts, stated)
    return (None if position.sellable is None else position), position


@st.composite
def standings(draw: st.DrawFn, sku: str = "A", location: str = "main") -> Standing:
    base, parts = draw(bases())
    numbers = range(draw(st.integers(0, 7)))
    told = [draw(movements(sku, number, location)) for number in numbers]
    told.sort(key=lambda movement: movement.order)
    nets = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(["committed", "in_transit"]), st.sampled_from(["o1", "o2"])),
            st.sampled_from([-2, 1, 3]),
            max_size=2,
        )
    )
    return Standing(
        sku=sku,
        base=base,
        base_at=BASE_AT,
        parts=parts,
        in_transit=draw(st.integers(0, 3)),
        nets=nets,
        movements=tuple(movement for movement in told if not movement.claim),
        claims=tuple(movement for movement in told if movement.claim),
    )
