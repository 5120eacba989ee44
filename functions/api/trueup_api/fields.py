"""Types of fields that several routes share, with what JSON Schema can say of them."""

from datetime import UTC, datetime
from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WithJsonSchema

from trueup.domain.accounts import Code, Slug
from trueup.domain.keys import MAX_CODE_LENGTH


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies in no year from 1 to 9999, UTC") from error


def _prose(text: str) -> str:
    """Line ends of Windows become newlines."""
    plain = text.replace("\r\n", "\n")
    if any(category(sign) == "Cc" and sign not in "\n\t" for sign in plain):
        raise ValueError("has control characters other than newlines and tabs")
    return plain


CodeText = Annotated[
    Code, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_CODE_LENGTH})
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\P{C}+$")]
"""One line of printable text."""
ConfigKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
ConfigText = Annotated[str, StringConstraints(max_length=2000)]
Config = Annotated[dict[ConfigKey, bool | int | ConfigText], Field(max_length=50)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Limit = Annotated[int, Field(ge=1, le=100)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant that UTC has a year for: its offset may carry another past the end of the calendar."""

Prose = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_prose)]
"""What people write: lines of text."""
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_prose),
]
"""The same, and something is written."""

__all__ = ["CodeText", "Config", "Cursor", "Limit", "Moment", "Name", "Note", "Prose", "Slug"]
