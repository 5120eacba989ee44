"""Integer and text columns, packed so that equal columns give equal bytes.

An integer column is one integer if all are equal, else little-endian signed integers of the
narrowest of 1, 2, 4 or 8 bytes that holds them all. A text column is one text if all are equal.
"""

from array import array
from collections.abc import Sequence

PackedInts = int | bytes
PackedTexts = str | list[str]

_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}
_SIGNED = frozenset("bhilq")


def pack_ints(column: Sequence[int], rows: int) -> PackedInts:
    """ValueError if the column has not `rows` values; OverflowError beyond 64 bits."""
    if len(column) != rows:
        raise ValueError(f"a column has {len(column)} values for {rows} rows")
    if not rows:
        return 0
    view = as_view(column)
    raw, size = view.tobytes(), view.itemsize
    if raw == raw[:size] * rows:
        return int(view[0])
    return _narrow(raw, size, rows) or _narrow_signed(view)


def unpack_ints(packed: PackedInts, rows: int) -> memoryview:
    """A column of `rows` values; its `format` says how wide they are."""
    if isinstance(packed, bytes):
        return memoryview(packed).cast(_CODES[len(packed) // rows])  # type: ignore[call-overload,no-any-return]
    return memoryview(array(_code(packed, packed), (packed,)) * rows)


def pack_texts(column: list[str], rows: int) -> PackedTexts:
    """ValueError if the column has not `rows` values."""
    if len(column) != rows:
        raise ValueError(f"a column has {len(column)} values for {rows} rows")
    first = column[0] if rows else ""
    return first if column.count(first) == rows else column


def unpack_texts(packed: PackedTexts, rows: int) -> list[str]:
    return [packed] * rows if isinstance(packed, str) else packed


def as_view(column: Sequence[int]) -> memoryview:
    """The column as contiguous signed integers, without a copy if it is that already."""
    try:
        view = memoryview(column)  # type: ignore[arg-type]
    except TypeError:
        return memoryview(array("q", column))
    if view.format not in _SIGNED:
        return memoryview(array("q", view.tolist()))
    return view if view.c_contiguous else memoryview(array(view.format, view.tolist()))


def _narrow(raw: bytes, size: int, rows: int) -> bytes | None:
    """The column in fewer bytes by dropping zero bytes; None if some value is negative."""
    if not raw[size - 1 :: size].isascii():
        return None
    width = next((w for w in (1, 2, 4) if w < size and _fits(raw, size, w, rows)), size)
    if width == size:
        return raw
    packed = bytearray(rows * width)
    for lane in range(width):
        packed[lane::width] = raw[lane::size]
    return bytes(packed)


def _fits(raw: bytes, size: int, width: int, rows: int) -> bool:
    """Whether values, none negative, are below the sign bit of `width` bytes."""
    zeros = bytes(rows)
    return raw[width - 1 :: size].isascii() and all(
        raw[lane::size] == zeros for lane in range(width, size)
    )


def _narrow_signed(view: memoryview) -> bytes:
    values = view.tolist()
    return array(_code(min(values), max(values)), values).tobytes()


def _code(low: int, high: int) -> str:
    """The narrowest array type code from `low` to `high`; OverflowError if there is none."""
    bits = max((value if value >= 0 else ~value).bit_length() for value in (low, high))
    for width, code in _CODES.items():
        if bits < width * 8:
            return code
    raise OverflowError("a value needs more than 64 bits")
