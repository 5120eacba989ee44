"""The position that movements lead to, from a base: a pure function, and the hot path."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter

from trueup.domain.movements import Movement
from trueup.domain.stock import Position
from trueup.ledger.positions import PositionAt
from trueup.ledger.state import IN_TRANSIT, INDEX, Net, State, Stated

OCCURRED = attrgetter("occurred_at")


def fold(
    base: Position,
    base_known: bool,  # noqa: FBT001 - part of the base
    base_in_transit: int,
    nets: Mapping[tuple[str, str], int],
    movements: Sequence[Movement],
    until_ms: int,
) -> PositionAt:
    """The position of one SKU at `until_ms`, from what `ledger.standings.Standing` says of it.

    `movements` are those after the base, in fold order (`Movement.order`); of them, those that
    occurred up to and at `until_ms` count. `nets` as of the base, by (bucket, reference).
    """
    state = based(base, base_known=base_known, in_transit=base_in_transit, nets=nets)
    stop = bisect_right(movements, until_ms, key=OCCURRED)
    state.run(movements if stop == len(movements) else movements[:stop])
    return state.at()


def advance(state: State, movements: Sequence[Movement], stated: Stated | None) -> None:
    """Apply movements in fold order, and among them a baseline; None: there is none to apply."""
    split = bisect_right(movements, stated.at, key=OCCURRED) if stated else 0
    state.run(movements[:split])
    if stated:
        state.anchor(stated.position, stated.at)
    state.run(movements[split:])


def based(
    base: Position, *, base_known: bool, in_transit: int, nets: Mapping[tuple[str, str], int]
) -> State:
    """The state that a base stands for; nothing that comes is earlier than it."""
    state = State()
    state.anchor(base if base_known else _without_on_hand(base), -1)
    state.values[IN_TRANSIT] = in_transit
    state.nets = {
        (INDEX[bucket], reference): Net(net, net) for (bucket, reference), net in nets.items()
    }
    return state


def _without_on_hand(base: Position) -> Position:
    return Position(None, base.committed, base.damaged, base.on_hold)
