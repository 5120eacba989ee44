"""Pages as blobs: what follows from other columns is taken out, and the rest compressed.

A rule says that a column is expected to be the sum of some columns less others, as sellable is
of a position's. Only what differs from that is stored. The rules used are in the blob, so that a
schema may change its rules at any time; the page's name is that of its plain canonical bytes.
"""

import msgspec

from trueup.books import lanes
from trueup.books.blobs import compress, decompress
from trueup.books.columns import PackedInts
from trueup.books.pages import Stored
from trueup.books.schema import BookSchema

Rule = tuple[int, list[int], list[int]]
"""Indexes of integer columns: the expected one, those added, those subtracted."""


class _Squeezed(msgspec.Struct, array_like=True, frozen=True):
    rules: list[Rule]
    page: msgspec.Raw


_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(_Squeezed).decode
_decode_page = msgspec.msgpack.Decoder(Stored).decode


def squeeze(schema: BookSchema, plain: bytes) -> bytes:
    """The blob of a page's canonical bytes."""
    page = _decode_page(plain)
    # Constant columns cost nothing as they are.
    rules = [rule for rule in _rules(schema) if isinstance(_column(page.ints, rule[0]), bytes)]
    if not rules:
        return compress(_encode(_Squeezed([], msgspec.Raw(plain))))
    left = list(page.ints)
    for rule in rules:
        left[rule[0]] = _apply(page.ints, rule, page.rows, taking=True)
    bare = msgspec.structs.replace(page, ints=left)
    return compress(_encode(_Squeezed(rules, msgspec.Raw(_encode(bare)))))


def unsqueeze(blob: bytes) -> bytes:
    """The canonical bytes of a page's blob."""
    squeezed = _decode(decompress(blob))
    if not squeezed.rules:
        return bytes(squeezed.page)
    page = _decode_page(squeezed.page)
    for rule in squeezed.rules:  # in order, since a rule may build on the one before
        page.ints[rule[0]] = _apply(page.ints, rule, page.rows, taking=False)
    return _encode(page)


def _apply(ints: list[PackedInts], rule: Rule, rows: int, *, taking: bool) -> bytes:
    """The column less what is expected of it (`taking`), or the other way round."""
    target, plus, minus = rule
    column = ints[target]
    width = len(column) // rows if isinstance(column, bytes) else 1
    value = lanes.load(column, rows, width)
    for names, adding in ((plus, not taking), (minus, taking)):
        operation = lanes.add if adding else lanes.subtract
        for other in map(ints.__getitem__, [i for i in names if _column(ints, i) != 0]):
            value = operation(value, lanes.load(other, rows, width), rows, width)
    return lanes.store(value, rows, width)


def _rules(schema: BookSchema) -> list[Rule]:
    at = {name: index for index, name in enumerate(schema.ints)}
    return [
        (at[name], [at[n] for n in plus], [at[n] for n in minus])
        for name, plus, minus in schema.expected
    ]


def _column(ints: list[PackedInts], index: int) -> PackedInts:
    """A column; those left out at the end are 0."""
    return ints[index] if index < len(ints) else 0
