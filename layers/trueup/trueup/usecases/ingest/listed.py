"""Listing files: what ties SKUs to one account."""

from collections.abc import Iterator
from itertools import repeat

from trueup.books.schema import LISTINGS, Unset
from trueup.domain.keys import listing_key
from trueup.domain.money import EXPONENTS, minor_units
from trueup.usecases.ingest import kits
from trueup.usecases.ingest.batches import Batch
from trueup.usecases.ingest.cells import CODE, integer, matching, text
from trueup.usecases.ingest.columns import Column, Layout
from trueup.usecases.ingest.faults import Faults
from trueup.usecases.ingest.kinds import Built, Kind, bits, required_codes, zeros
from trueup.usecases.ingest.positions import SKU_SYNONYMS

MAX_PACK = 1_000_000
_COUNT = integer()
_AMOUNT = matching(r".{1,40}", "not an amount such as 12.99")
_GTIN = matching(r"\d{8}|\d{12,14}", "must have 8, 12, 13 or 14 digits")

LAYOUT = Layout(
    columns=(
        Column("sku", CODE, SKU_SYNONYMS),
        Column("channel_sku", CODE, ("listing_sku", "external_sku")),
        Column("gtin", _GTIN, ("ean", "upc", "barcode")),
        Column("channel_product_id", text(256), ("product_id", "asin", "item_id")),
        Column("title", text(1000), ("name", "product_name")),
        Column("pack_size", integer(1, MAX_PACK), ("pack", "units_per_pack")),
        Column("buffer", _COUNT, ("safety_stock",)),
        Column("cap", _COUNT, ("maximum", "max_quantity")),
        Column("backorder", _COUNT, ("backorder_limit", "back_order")),
        Column("components", text(10_000), ("kit", "bundle")),
        Column("cost", _AMOUNT, ("unit_cost",)),
        Column("price", _AMOUNT, ("unit_price",)),
        Column("currency", matching("[A-Z]{3}", "not a code such as EUR", upper=True)),
    ),
    required=(("sku",),),
)

_UNSET = {"buffer": Unset.BUFFER, "cap": Unset.CAP, "cost": Unset.COST, "price": Unset.PRICE}


def build(batch: Batch, faults: Faults) -> Built:
    """Rows of the listings book; the channel knows a listing by its channel SKU, GTIN or SKU."""
    skus = required_codes(batch, "sku", faults)
    gtins = [gtin or "" for gtin in batch.column("gtin", "")]
    own = zip(batch.column("channel_sku", ""), gtins, skus, strict=True)
    codes = [channel_sku or gtin or sku for channel_sku, gtin, sku in own]
    optional = {name: _optional(batch, name, faults) for name in _UNSET}
    marks = (bits(optional[name], bit) for name, bit in _UNSET.items())
    ints = {name: zeros(values) for name, values in optional.items()}
    ints |= {
        "pack_size": [size or 1 for size in batch.column("pack_size", 1)],
        "backorder": zeros(batch.column("backorder", 0)),
        "unset": list(map(sum, zip(*marks, strict=True))),
    }
    return Built(list(map(listing_key, skus, codes)), ints, _texts(batch, gtins, faults), codes)


def _texts(batch: Batch, gtins: list[str], faults: Faults) -> dict[str, list[str]]:
    plain = ("channel_product_id", "title")
    texts = {name: [text or "" for text in batch.column(name, "")] for name in plain}
    currencies = [currency or "" for currency in batch.column("currency", "")]
    return texts | {
        "gtin": gtins,
        "components": list(_components(batch, faults)),
        "currency": _known(batch, currencies, faults),
    }


def _known(batch: Batch, currencies: list[str], faults: Faults) -> list[str]:
    for index, currency in enumerate(currencies):
        if currency and currency not in EXPONENTS:
            batch.fault(faults, index, "currency", "is no ISO 4217 currency code")
    return currencies


def _optional(batch: Batch, name: str, faults: Faults) -> list[int | None]:
    if name in ("buffer", "cap"):
        return batch.column(name, None)
    return list(_amounts(batch, name, faults))


def _amounts(batch: Batch, name: str, faults: Faults) -> Iterator[int | None]:
    """Minor units of the row's currency."""
    if name not in batch.values:
        yield from repeat(None, len(batch.numbers))
        return
    amounts = zip(batch.values[name], batch.column("currency", ""), strict=True)
    for index, (amount, currency) in enumerate(amounts):
        try:
            yield minor_units(amount, currency or "") if amount else None
        except ValueError as error:
            batch.fault(faults, index, name, str(error))
            yield None


def _components(batch: Batch, faults: Faults) -> Iterator[str]:
    if "components" not in batch.values:
        yield from repeat("", len(batch.numbers))
        return
    cells = zip(batch.values["components"], batch.column("sku", ""), strict=True)
    for index, (cell, sku) in enumerate(cells):
        try:
            yield kits.stored(kits.parse(cell, sku or "")) if cell else ""
        except ValueError as error:
            batch.fault(faults, index, "components", str(error))
            yield ""


LISTED = Kind(LISTINGS, LAYOUT, "channel_sku", build)
