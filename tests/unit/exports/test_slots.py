"""More exports at once than a seller may have, or fewer for ever."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.unit.exports.export_world import ROWS, ExportWorld
from trueup.domain.exports import Export, ExportSlot, Format
from trueup.usecases.exports.slots import MAX_OPEN, TooManyError

AT_ONCE = 20


def test_twenty_starts_at_once_never_open_more_than_there_are_slots() -> None:
    world = ExportWorld()
    numbers = count(1)
    world.world.new_id = lambda: f"{next(numbers):026d}"

    def start(_: int) -> Export | None:
        try:
            return world.start(ROWS, Format.CSV)
        except TooManyError:
            return None

    for _ in range(3):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            opened = [one for one in pool.map(start, range(AT_ONCE)) if one]
        slots = world.world.registry.list(ExportSlot).items
        assert len(opened) == len(slots) == MAX_OPEN
        assert {stored.value.export for stored in slots} == {one.id for one in opened}
        for one in opened:
            world.build(one)
        assert world.world.registry.list(ExportSlot).items == ()
    assert len(world.world.registry.list(Export).items) == 3 * MAX_OPEN
