"""How many exports of a seller are open at once: each holds a slot from its start to its end.

A slot is taken and given back in the very transaction that opens or ends its export, so none is
ever lost, and no two starts take the same one.
"""

from itertools import chain

from trueup.domain.errors import ConflictError
from trueup.domain.exports import Export, ExportSlot
from trueup.ports import Create, Registry, Remove, Replace

MAX_OPEN = 5
"""Exports of a seller at a time."""

WAIT_SECONDS = 30
"""When it makes sense to ask again."""

_FULL = f"{MAX_OPEN} exports are at work already; wait for one to end."


class TooManyError(ConflictError):
    """All slots are taken."""

    def __init__(self) -> None:
        super().__init__(_FULL)


def check_room(registry: Registry) -> None:
    """TooManyError before any work is done for nothing; `open_in_slot` has the last word."""
    if len(registry.list(ExportSlot).items) >= MAX_OPEN:
        raise TooManyError


def open_in_slot(registry: Registry, export: Export, before: int | None = None) -> Export:
    """Write an export that is to be built, over version `before` if there is one, with a slot.

    TooManyError: there is none. ConflictError: the export changed since.
    """
    begin = sum(map(ord, export.id)) % MAX_OPEN  # starts side by side try different ones first
    for number in chain(range(begin, MAX_OPEN), range(begin)):
        if registry.get(ExportSlot, f"{number:02d}") is not None:
            continue
        opened = export.model_copy(update={"slot": number})
        slot = ExportSlot(number=number, export=export.id, tries=export.tries)
        write = Create(opened) if before is None else Replace(opened, before)
        try:
            registry.write(write, Create(slot))
        except ConflictError:
            if not _is_written(registry, opened, before):
                continue
        return opened
    raise TooManyError


def _is_written(registry: Registry, opened: Export, before: int | None) -> bool:
    """Whether only the answer was lost. ConflictError: it was not the slot that was in the way."""
    found = registry.get(Export, opened.id)
    if (found.version if found else None) == before:
        return False
    if found is None or found.value != opened:
        raise ConflictError("This export was changed meanwhile.")
    return True


def ending(registry: Registry, ended: Export) -> tuple[Remove, ...]:
    """Gives the slot back, together with the write of the export that has ended."""
    slot = registry.get(ExportSlot, f"{ended.slot:02d}")
    if slot is None or (slot.value.export, slot.value.tries) != (ended.id, ended.tries):
        return ()
    return (Remove(slot.value, slot.version),)
