"""What can be wrong with a drop. Texts are for the seller to read."""

from collections.abc import Sequence

SHOWN = 20
LONGEST = 1900


class DropError(Exception):
    """The drop is missing, not whole, too old, or malformed."""


class FaultyFileError(DropError):
    """Everything wrong with a file, as far as it fits into a reason."""

    def __init__(self, name: str, faults: Sequence[str], count: int) -> None:
        shown = "; ".join(faults[:SHOWN])[:LONGEST]
        more = f"; and {count - SHOWN} more" if count > SHOWN else ""
        super().__init__(f"{name} has {count} faults: {shown}{more}")
