"""An event as a source tells it: what it may say, and in which words. All faults at once."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from trueup.domain.accounts import Code, Slug
from trueup.domain.keys import MAX_CODE_LENGTH
from trueup.domain.movements import MovementKind

MAX_EVENTS = 1_000
"""Of one batch."""

STATUS_CHANGE = "status_change"
KINDS = (
    *(kind.word for kind in MovementKind if kind is not MovementKind.INBOUND),
    STATUS_CHANGE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MADE = re.compile(r"~(\d+|in|seen)$")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_DECIMAL = re.compile(r"^-?[0-9]{1,16}(\.[0-9]{1,9})?$")
_NO_NUMBER = "is not a number: at most 16 digits and nine after a point, no separators"


class Flaw(NamedTuple):
    """One thing wrong with one event of a batch; `field` is "" for the event as a whole."""

    at: int
    field: str
    reason: str


def _word(value: Any) -> Any:
    """Words of ours in any case; spaces and hyphens are underscores."""
    return re.sub(r"[\s-]+", "_", value.strip().lower()) if isinstance(value, str) else value


def _kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"is none of {', '.join(KINDS)}")
    return value


def _own(value: str) -> str:
    if _MADE.search(value):
        raise ValueError(
            "may not end in ~ and digits, ~in or ~seen: such ids are given to parts of an event"
        )
    return value


def _amount(value: Any) -> Decimal:
    """Exactly what was written: a JSON number by its shortest form, a text digit by digit."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = repr(value) if number else value.strip() if isinstance(value, str) else ""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(_NO_NUMBER)
    return Decimal(text)


def _text(value: Any) -> Any:
    """Numbers are not instants: whether they are seconds or milliseconds, nobody can tell."""
    if isinstance(value, str) and _INSTANT.match(value.strip()):
        return value.strip()
    raise ValueError("must be text such as 2026-03-01T12:00:00Z")


def _since_1970(instant: datetime) -> datetime:
    if instant < _EPOCH:
        raise ValueError("lies before 1970")
    return instant


Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^\P{C}*$")]
"""At most 200 printable characters."""
EventId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^\P{C}+$"),
    AfterValidator(_own),
]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
CodeText = Annotated[
    Code, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_CODE_LENGTH})
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL.pattern}],
            "description": 'A number, or a decimal as text such as "2.5"',
        }
    ),
]


class Event(BaseModel):
    """One event. `quantity` is of `unit` (none: base units); `releases` too.

    `location` or `bin` says where. `status` is one of the source's own names, as are those of a
    status change; `bucket` is one of ours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: EventId
    kind: Annotated[
        str,
        BeforeValidator(_word),
        AfterValidator(_kind),
        WithJsonSchema({"type": "string", "enum": list(KINDS)}),
    ]
    sku: CodeText
    quantity: Amount
    occurred_at: Moment
    location: Slug | None = None
    bin: Line = ""
    unit: Line = ""
    reference: Line = ""
    actor: Line = ""
    reason: Line = ""
    status: Line = ""
    from_status: Line = ""
    to_status: Line = ""
    bucket: Annotated[
        Literal["on_hand", "committed", "damaged", "on_hold", "in_transit"] | None,
        BeforeValidator(_word),
    ] = None
    disposition: Annotated[
        Literal["restock", "refurbish", "quarantine", "damaged"] | None, BeforeValidator(_word)
    ] = None
    releases: Amount | None = None
    counterpart: Slug | None = None

    @property
    def milliseconds(self) -> int:
        """When it happened, since 1970 UTC."""
        return (self.occurred_at - _EPOCH) // timedelta(milliseconds=1)


def read_events(raw: Sequence[Any], flaws: list[Flaw]) -> list[Event | None]:
    """Events of their plain JSON; None where one has flaws, which are added."""
    return [_read(index, one, flaws) for index, one in enumerate(raw)]


def _read(index: int, raw: Any, flaws: list[Flaw]) -> Event | None:
    if not isinstance(raw, Mapping):
        flaws.append(Flaw(index, "", "is not an object"))
        return None
    try:
        event = Event.model_validate({k: v for k, v in raw.items() if v is not None})
        _since_1970(event.occurred_at)
    except ValidationError as error:
        flaws.extend(Flaw(index, *_told(item)) for item in error.errors(include_input=False))
    except (ValueError, OverflowError) as error:
        flaws.append(Flaw(index, "occurred_at", str(error)))
    else:
        return event
    return None


def _told(item: Any) -> tuple[str, str]:
    """A field and a reason; the parts of a union say the same thing once."""
    field = str(item["loc"][0]) if item["loc"] else ""
    if item["type"] == "extra_forbidden":
        return field[:100], "is not known here"
    if item["type"] == "missing":
        return field, "is missing"
    message: str = item["msg"]
    return field, message.removeprefix("Value error, ")
