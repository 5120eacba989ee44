"""Codes that a file has more than once, in memory that does not depend on their length."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b


class Seen:
    """Remembers in which row a code was first; 16 bytes stand for a code."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}

    def repeated(self, codes: Sequence[str], rows: Sequence[int]) -> Iterator[tuple[int, int]]:
        """(index, row where it was first) of each code that came before; "" is no code."""
        first = self._rows.setdefault
        for index, (code, row) in enumerate(zip(codes, rows, strict=True)):
            earlier = first(blake2b(code.encode(), digest_size=16).digest(), row) if code else row
            if earlier != row:
                yield index, earlier
