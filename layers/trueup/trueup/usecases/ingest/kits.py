"""Components of kits, as files and books write them."""

from collections.abc import Iterable, Iterator

import msgspec

from trueup.domain.keys import is_code
from trueup.domain.listings import Component

MAX_COMPONENTS = 100
MAX_QUANTITY = 1_000_000

Parts = list[tuple[str, int]]
_decode = msgspec.json.Decoder(Parts).decode


def parse(cell: str, sku: str) -> Parts:
    """Read "A:2|B:1", or JSON ``[["A", 2], ["B", 1]]`` for SKUs that hold a colon or a bar.

    ValueError tells what is wrong.
    """
    cell = cell.strip()
    parts = _from_json(cell) if cell.startswith("[") else list(map(_part, cell.split("|")))
    check(parts, sku)
    return parts


def check(parts: Parts, sku: str) -> None:
    """ValueError if `parts` cannot make the kit `sku`."""
    names = [name for name, _ in parts]
    if sku in names:
        raise ValueError("a kit cannot be a component of itself")
    if len(set(names)) < len(names):
        raise ValueError("names a component twice")
    if len(parts) > MAX_COMPONENTS:
        raise ValueError(f"has more than {MAX_COMPONENTS} components")
    for name, quantity in parts:
        if not is_code(name):
            raise ValueError("names a component that cannot be a SKU")
        if not 1 <= quantity <= MAX_QUANTITY:
            raise ValueError(f"quantities must be from 1 to {MAX_QUANTITY}")


def _part(text: str) -> tuple[str, int]:
    name, _, quantity = text.strip().rpartition(":")
    if not name or not (quantity.isascii() and quantity.isdigit()):
        raise ValueError("not of the form SKU:quantity|SKU:quantity")
    return name.strip(), int(quantity[:10])


def _from_json(cell: str) -> Parts:
    try:
        return _decode(cell)
    except msgspec.DecodeError as error:
        raise ValueError('not of the form [["SKU", quantity], ...]') from error


def stored(parts: Iterable[tuple[str, int]]) -> str:
    """As the listings book keeps them; "" for none."""
    listed = list(parts)
    return msgspec.json.encode(listed).decode() if listed else ""


def components(text: str) -> Iterator[Component]:
    """The inverse of `stored`."""
    return (Component(sku=name, quantity=count) for name, count in (_decode(text) if text else ()))
