"""Accounts on channels, the seller's locations, and the links between the two."""

import re
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trueup.domain.keys import MAX_CODE_LENGTH, is_code
from trueup.domain.time import Instant


def _code(text: str) -> str:
    if not is_code(text):
        msg = f"must be 1-{MAX_CODE_LENGTH} printable characters without space at either end"
        raise ValueError(msg)
    return text


_known_zones = cache(available_timezones)  # it reads a whole folder, and every account asks


def _zone(name: str) -> str:
    if name not in _known_zones():
        msg = "must be an IANA time zone such as Europe/Berlin"
        raise ValueError(msg)
    return str(ZoneInfo(name))


Code = Annotated[str, AfterValidator(_code)]
"""A code from outside (SKU, GTIN, channel location id), kept as it is."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
"""A code that we print in addresses: lower case letters, digits, hyphens, at most 40."""

SLUG = re.compile(r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
Units = Annotated[int, Field(ge=0, le=2**53 - 1)]
Percent = Annotated[int, Field(ge=1, le=100)]


class Entity(BaseModel):
    """A small frozen record of the registry. `schema_version` is checked on reading.

    Fields that this code does not know are ignored: what is stored may have been written by the
    version before or, while a deployment is rolled back, by the one after. New fields need a
    default.

    `record` and `identity` make its key within the seller. `appointment` puts it on an agenda:
    (name, when), None for not at all. `guard` is a text that other writes can be conditional on.

    `audited` says whether a change of it, by a person or a rule, goes into the audit trail: every
    kind decides for itself. `store` is the table that it is kept in.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    record: ClassVar[str]
    store: ClassVar[Literal["registry", "audit"]] = "registry"
    audited: ClassVar[bool] = False
    schema_version: Literal[1] = 1

    @property
    def identity(self) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None

    @property
    def guard(self) -> str | None:
        return None

    @property
    def forget_at(self) -> datetime | None:
        """When the store may forget it; it may also still be there long after."""
        return None


class Mode(StrEnum):
    """Shadow accounts compare and cannot push; every new account starts so."""

    SHADOW = "shadow"
    LIVE = "live"


class Cadence(BaseModel):
    """How often an account is reconciled: every N minutes, within local hours of its time zone.

    `from_hour`..`to_hour` (0-24, end excluded) may wrap over midnight; equal hours mean all day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    every_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 60
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    from_hour: Annotated[int, Field(ge=0, le=24)] = 0
    to_hour: Annotated[int, Field(ge=0, le=24)] = 24


class Capabilities(BaseModel):
    """What `describe` said of the channel, kept for people and for the planner."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    can_push: bool
    reports: Literal["available", "on_hand"]
    takes: Literal["available", "on_hand"] | None
    compare_and_set: bool
    idempotent: bool
    submits: bool
    push_batch: int
    calls_per_minute: int | None
    settle_seconds: int
    minimum_cooldown_seconds: int
    documentation: str
    fixed_times: str = ""
    """When the channel takes updates, where that is at set times only."""


class ChannelLocation(BaseModel):
    """A location as the channel knows it: its id there, its code (F24) and its name."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: Code
    code: str
    name: str


class Account(Entity):
    """One account on one channel. `channel` is the connector's kind, `id` our code for it.

    `config` is the connector's own, without secrets; `secret` is a Secrets Manager name that only
    the connector can read. Buffers in base units; tolerance in channel units.
    """

    record: ClassVar[str] = "account"
    audited: ClassVar[bool] = True

    id: Slug
    channel: Slug
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    client: Slug | None = None
    mode: Mode = Mode.SHADOW
    enabled: bool = True
    cadence: Cadence = Cadence()
    cooldown_seconds: Annotated[int, Field(ge=0, le=7 * 86400)] = 900
    buffer: Units = 0
    allocation: Percent = 100
    tolerance: Units = 0
    max_report_age_minutes: Annotated[int, Field(ge=1, le=90 * 24 * 60)] | None = None
    """What the channel showed longer ago than this is stale, never a match; None: no limit."""
    config: dict[str, str | int | bool] = {}
    secret: str | None = None
    capabilities: Capabilities | None = None
    locations: tuple[ChannelLocation, ...] = ()
    created_at: Instant
    next_due_at: Instant | None = None
    note: str | None = None
    """What dispatch last had to say, such as why a run was skipped."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("due", self.next_due_at) if self.enabled and self.next_due_at else None


class Location(Entity):
    """Where the seller has stock."""

    record: ClassVar[str] = "location"
    audited: ClassVar[bool] = True

    code: Slug
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    buffer: Units | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.code,)


class Member(BaseModel):
    """A seller location in a link's pool, with the percent of its stock that this link draws on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    location: Slug
    share: Percent = 100


class Link(Entity):
    """Feeds one channel location of an account from one or more seller locations (a pool)."""

    record: ClassVar[str] = "link"
    audited: ClassVar[bool] = True

    account: Slug
    channel_location: Code
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=50)]
    buffer: Units | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location)
