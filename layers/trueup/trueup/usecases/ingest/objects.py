"""Keys of the objects of an import. No text from outside is part of one."""

from trueup.domain.imports import Import
from trueup.domain.runs import Segment

ROWS = "rows"
CODES = "codes"


def upload_key(seller: str, import_: str, extension: str) -> str:
    return f"uploads/{seller}/{import_}.{extension}"


def report_key(seller: str, import_: str) -> str:
    return f"reports/{seller}/{import_}.csv"


def segments_prefix(seller: str, import_: str, part: str) -> str:
    """`part` is `ROWS` (of the book) or `CODES` (channel codes of listings)."""
    return f"segments/{seller}/{import_}/{part}/"


def segments_of(import_: Import, seller: str, part: str) -> tuple[Segment, ...]:
    prefix = segments_prefix(seller, import_.id, part)
    return tuple(segment for segment in import_.segments if segment.key.startswith(prefix))
