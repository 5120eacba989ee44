"""What the ingest has to know of a kind of file: its columns, and how rows are made of them."""

from collections.abc import Callable
from dataclasses import dataclass

from trueup.books.schema import BookSchema
from trueup.usecases.ingest.batches import Batch
from trueup.usecases.ingest.columns import Layout
from trueup.usecases.ingest.faults import Faults


@dataclass(frozen=True, slots=True)
class Built:
    """Rows of a batch as columns of a book. `codes` may occur only once in a file ("": at fault).

    Each column has a value for every row, faulty or not: nothing of a faulty file is written.
    """

    keys: list[str]
    ints: dict[str, list[int]]
    texts: dict[str, list[str]]
    codes: list[str]


def _nothing(_batch: Batch, _contradictions: Faults) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kind:
    """`unique` is the column that a repeated code is reported in.

    `doubt` lists rows that contradict themselves; unlike faults, they are taken.
    """

    schema: BookSchema
    layout: Layout
    unique: str
    build: Callable[[Batch, Faults], Built]
    doubt: Callable[[Batch, Faults], None] = _nothing
    omissible: tuple[str, ...] = ()
    """Columns that another may speak for where a file has none of the name."""


def required_codes(batch: Batch, name: str, faults: Faults) -> list[str]:
    """A column of codes that may not be blank; "" where one is at fault."""
    codes = batch.column(name, "")
    for index, code in enumerate(codes):
        if code == "":
            batch.fault(faults, index, name, "is blank")
    return [code or "" for code in codes]


def zeros(values: list[int | None]) -> list[int]:
    return [value or 0 for value in values]


def bits(values: list[int | None], bit: int) -> list[int]:
    """`bit` for every blank."""
    return [bit if value is None else 0 for value in values]
