"""Finds the variants that rows to be pushed mean."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from trueup.channel.contract import PushRow
from vendure_api import Api
from vendure_keys import fold, key_of, skus_and_ids
from vendure_types import VARIANTS, Variant, VariantData

PAGE = 100


def find_variants(api: Api, rows: Sequence[PushRow]) -> dict[str, Variant]:
    """The variants reported by the rows' keys. Raises what `Api.ask` raises."""
    skus, ids = skus_and_ids([row.key for row in rows])
    wanted = {"sku": {"in": skus}, **({"id": {"in": ids}} if ids else {})}
    found = _read_all(api, {"filter": wanted, "filterOperator": "OR"})
    shares = Counter(fold(variant.sku) for variant in found)
    return {key_of(variant, shared=shares[fold(variant.sku)] > 1): variant for variant in found}


def _read_all(api: Api, criteria: dict[str, Any]) -> list[Variant]:
    found: list[Variant] = []
    while True:
        options = {**criteria, "skip": len(found), "take": PAGE, "sort": {"id": "ASC"}}
        page = api.ask(VARIANTS, VariantData, options=options).product_variants
        found += page.items
        if not page.items or len(found) >= page.total_items:
            return found
