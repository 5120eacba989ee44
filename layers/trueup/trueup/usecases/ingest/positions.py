"""Baseline files: the positions of one location, base units."""

from trueup.books.schema import BASELINE, Unknown
from trueup.domain.stock import MAX_QUANTITY
from trueup.usecases.ingest.batches import Batch
from trueup.usecases.ingest.cells import CODE, integer
from trueup.usecases.ingest.columns import Column, Layout
from trueup.usecases.ingest.faults import Faults
from trueup.usecases.ingest.kinds import Built, Kind, bits, required_codes, zeros

_SIGNED = integer(-MAX_QUANTITY)
_COUNT = integer()

SKU_SYNONYMS = ("seller_sku", "item_sku", "item_code", "article_number")

LAYOUT = Layout(
    columns=(
        Column("sku", CODE, SKU_SYNONYMS),
        Column("on_hand", _SIGNED, ("onhand", "total", "total_quantity", "quantity", "qty")),
        Column("committed", _COUNT, ("reserved", "allocated")),
        Column("damaged", _COUNT, ("damaged_quantity",)),
        Column("on_hold", _COUNT, ("hold", "held", "quarantine")),
        Column("sellable", _SIGNED, ("available", "free", "stated")),
    ),
    required=(("sku",), ("on_hand", "sellable")),
)

_UNKNOWN = {
    "on_hand": Unknown.ON_HAND,
    "committed": Unknown.COMMITTED,
    "damaged": Unknown.DAMAGED,
    "on_hold": Unknown.ON_HOLD,
    "sellable": Unknown.STATED,
}
_ABSENT: dict[str, int | None] = {"on_hand": None, "sellable": None}
"""A source that has no column for committed, damaged or on hold has none of it: 0, unless the
location's movements tell (`ingest.carrying`)."""


def build(batch: Batch, faults: Faults) -> Built:
    """Rows of the baseline book: a blank is unknown, never zero."""
    skus = required_codes(batch, "sku", faults)
    columns = {name: batch.column(name, _ABSENT.get(name, 0)) for name in _UNKNOWN}
    marks = (bits(columns[name], bit) for name, bit in _UNKNOWN.items())
    ints = {"stated" if n == "sellable" else n: zeros(values) for n, values in columns.items()}
    unknown = list(map(sum, zip(*marks, strict=True)))
    return Built(skus, ints | {"unknown": unknown, "stated_at": [0] * len(skus)}, {}, skus)


def doubt(batch: Batch, contradictions: Faults) -> None:
    """List rows whose stated sellable is not what their other columns leave.

    `domain.stock.Position.contradicts` for a whole batch; a property test holds both together.
    """
    if not {"on_hand", "sellable"} <= batch.values.keys():
        return
    columns = [batch.column(name, _ABSENT.get(name, 0)) for name in _UNKNOWN]
    for index, row in enumerate(zip(*columns, strict=True)):
        if None not in row and row[0] - row[1] - row[2] - row[3] != row[4]:
            left = row[0] - row[1] - row[2] - row[3]
            reason = f"the other columns leave {left}, and that is used"
            batch.fault(contradictions, index, "sellable", reason)


POSITIONS = Kind(BASELINE, LAYOUT, "sku", build, doubt, ("committed", "damaged", "on_hold"))
