"""A row as people see it: the panel's columns, with every number's origin."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trueup.books.schema import RowUnknown
from trueup.domain.keys import channel_key_of, is_unlisted, sku_of
from trueup.domain.outcomes import EXPLANATIONS, Outcome, Reason, Status, outcome_of, status_of
from trueup.domain.overlays import Overlay
from trueup.domain.stock import delta
from trueup.usecases.rows.candidates import gap_of
from trueup.usecases.rows.filters import Direction, direction_of
from trueup.usecases.rows.sources import Source
from trueup.usecases.rows.why import CauseView, why

ReasonName = Literal[
    "MATCHES",
    "DIFFERS",
    "WITHIN_TOLERANCE",
    "POSITION_UNKNOWN",
    "COMPONENT_UNKNOWN",
    "NOT_ON_CHANNEL",
    "NOT_LISTED",
    "QUANTITY_UNKNOWN",
    "OUT_OF_RANGE",
    "EXPLAINED",
    "STALE",
]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SellerInventory(View):
    """Base units. null: unknown, which is never the same as 0."""

    total: int | None
    sellable: int | None
    committed: int | None
    damaged: int | None
    on_hold: int | None


class ChannelInventory(View):
    """What the channel shows, in channel units. null: it does not show the item, or no quantity."""

    location_code: str
    location_id: str
    location_name: str
    inventory: int | None


class Formula(View):
    """How publishable came about.

    `clamp(floor((sellable x allocation% + backorder - buffer) / pack_size), 0, cap)`; buffer and
    back-order limit in base units, cap in channel units (null: none).
    """

    sellable: int | None
    allocation: int
    backorder: int
    buffer: int
    pack_size: int
    cap: int | None


class RowView(View):
    """One SKU of one account at one channel location.

    `read_only`: the channel says that this item cannot be set there.

    `delta` (base units) and `gap` (channel units): positive is to be added at the channel,
    negative to be taken away. `status` is Success when the row matches and the last attempt to
    check it succeeded; `outcome` and `checked` tell the two apart.

    `causes` and `unexplained` (base units) add up to `delta`; none of a row without one. `cause`:
    the one that the row is counted under, or what stands for it; null: it matches. The present
    episode of not matching began at `first_diverged_at`; the capture before, if known, at
    `last_agreed_at`. `settling_until`: until then its causes may pass by themselves;
    `stale_since`: they should have by then.
    """

    account: str
    channel: str
    client: str | None
    product_name: str
    seller_identifier: str | None
    channel_identifier: str
    channel_product_id: str
    gtin: str
    seller_inventory: SellerInventory
    channel_inventory: ChannelInventory
    publishable: int | None
    formula: Formula
    delta: int | None
    gap: int | None
    direction: Direction | None
    read_only: bool
    status: Status
    outcome: Outcome
    checked: bool
    reason: ReasonName
    explanation: str
    cause: str | None
    causes: list[CauseView]
    unexplained: int | None
    first_diverged_at: datetime | None
    last_agreed_at: datetime | None
    settling_until: datetime | None
    stale_since: datetime | None
    captured_at: datetime
    recon_date: datetime
    run: str


def row_view(
    source: Source,
    values: dict[str, Any],
    listing: dict[str, Any] | None,
    overlay: Overlay | None = None,
) -> RowView:
    """The row of a page, with the texts of its listing (None: the row has none).

    `overlay` says when a row was compared that is newer than the page.
    """
    key, gap = values["key"], gap_of(values)
    captured_at = overlay.captured_at if overlay else source.version.as_of
    known = listing or {}
    return RowView.model_construct(
        account=source.account.id,
        channel=source.account.channel,
        client=source.account.client,
        product_name=known.get("title", ""),
        seller_identifier=None if is_unlisted(key) else sku_of(key),
        channel_identifier=channel_key_of(key),
        channel_product_id=known.get("channel_product_id", ""),
        gtin=known.get("gtin", ""),
        seller_inventory=_seller_inventory(values),
        channel_inventory=_channel_inventory(source, values),
        publishable=_unless(values, RowUnknown.SELLABLE, "publishable"),
        formula=_formula(source, values),
        delta=_delta(values),
        gap=gap,
        direction=direction_of(gap),
        read_only=bool(values["unknown"] & RowUnknown.READ_ONLY),
        **_verdict(source, Reason(values["reason"]), checked=source.checked or bool(overlay)),
        **why(values, source.allocation, captured_at),
        captured_at=captured_at,
        recon_date=overlay.compared_at if overlay else source.attempt.at,
        run=source.version.made_by,
    )


def _verdict(source: Source, reason: Reason, *, checked: bool) -> dict[str, Any]:
    """A row that could not be checked has failed, whatever it was found to be before."""
    cause = f"Could not be checked: {source.attempt.cause}"
    return {
        "status": status_of(reason) if checked else Status.FAILED,
        "outcome": outcome_of(reason),
        "checked": checked,
        "reason": reason.name,
        "explanation": EXPLANATIONS[reason] if checked else cause,
    }


def _unless(values: dict[str, Any], bit: int, name: str) -> int | None:
    return None if values["unknown"] & bit else values[name]


def _seller_inventory(values: dict[str, Any]) -> SellerInventory:
    """Where the total is unknown, what of it is committed or damaged is too."""
    return SellerInventory.model_construct(
        total=_unless(values, RowUnknown.TOTAL, "total"),
        sellable=_unless(values, RowUnknown.SELLABLE, "sellable"),
        committed=_unless(values, RowUnknown.TOTAL, "committed"),
        damaged=_unless(values, RowUnknown.TOTAL, "damaged"),
        on_hold=_unless(values, RowUnknown.TOTAL, "on_hold"),
    )


def _channel_inventory(source: Source, values: dict[str, Any]) -> ChannelInventory:
    return ChannelInventory.model_construct(
        location_code=source.place.code,
        location_id=source.place.id,
        location_name=source.place.name,
        inventory=_unless(values, RowUnknown.REPORTED, "reported"),
    )


def _formula(source: Source, values: dict[str, Any]) -> Formula:
    return Formula.model_construct(
        sellable=_unless(values, RowUnknown.SELLABLE, "sellable"),
        allocation=source.allocation,
        backorder=values["backorder"],
        buffer=values["buffer"],
        pack_size=values["pack_size"],
        cap=_unless(values, RowUnknown.CAP, "cap"),
    )


def _delta(values: dict[str, Any]) -> int | None:
    return delta(
        _unless(values, RowUnknown.SELLABLE, "sellable"),
        _unless(values, RowUnknown.REPORTED, "reported"),
        values["pack_size"],
    )
