"""The keys that variants are reported by.

Vendure does not keep SKUs unique or even present. A variant is reported by its SKU where that
names it alone, otherwise as ``SKU (variant ID)``, so that two variants of one SKU are neither added
up nor taken for each other, and each can be listed by itself.
"""

import re
from collections.abc import Iterator, Sequence

from vendure_types import Variant

MAX_KEY = 256
_MARKED = re.compile(r"(.*?) ?\(variant ([\w-]{1,64})\)", re.DOTALL)


def fold(sku: str) -> str:
    """Databases may sort SKUs without regard to case: then neighbours are those of one fold."""
    return sku.strip().casefold()


def key_of(variant: Variant, *, shared: bool) -> str:
    """`shared`: another variant has this SKU too."""
    return _marked(variant) if shared or not _is_code(variant.sku) else variant.sku


def _marked(variant: Variant) -> str:
    suffix = f"(variant {variant.id})"
    sku = variant.sku if _is_code(variant.sku) else ""
    marked = f"{sku} {suffix}".strip()
    return marked if len(marked) <= MAX_KEY else suffix


def _is_code(sku: str) -> bool:
    return 0 < len(sku) <= MAX_KEY and sku == sku.strip() and sku.isprintable()


def skus_and_ids(keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """The SKUs and variant ids by which to look up all that may be reported by these keys."""
    marks = [match for key in keys if (match := _MARKED.fullmatch(key))]
    skus = {*keys, *(match[1] for match in marks)} - {""}
    return sorted(skus), sorted({match[2] for match in marks})


def keyed(
    variants: Sequence[Variant], before: str | None, after: str | None
) -> Iterator[tuple[str, Variant]]:
    """Variants in the order of their SKUs with their keys; `before` and `after` are neighbours'."""
    folds = [fold(variant.sku) for variant in variants]
    around = [before, *folds, after]
    for index, variant in enumerate(variants):
        shared = folds[index] in (around[index], around[index + 2])
        yield key_of(variant, shared=shared), variant
