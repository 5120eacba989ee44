"""The columns that a file of each view can have: their names, headings, groups, kinds, widths.

Names are those of the API's fields, a dot between a part and its field.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.exports import MAX_COLUMNS, Shown, View
from trueup.tables.model import Column, Kind, Table


class Field(msgspec.Struct, frozen=True):
    """One column of a view. `usual`: shown where nobody chooses."""

    name: str
    heading: str
    group: str = ""
    kind: Kind = "text"
    width: int = 12
    signed: bool = False
    usual: bool = False

    def column(self, width: int | None = None) -> Column:
        return Column(self.heading, self.group, width or self.width, self.kind, self.signed)


_SELLER, _CHANNEL, _FORMULA = "Seller inventory", "Channel inventory", "Formula"


def _units(name: str, heading: str, group: str = "", *, usual: bool = False) -> Field:
    return Field(name, heading, group, "integer", max(10, len(heading) + 2), usual=usual)


def _signed(name: str, heading: str, *, usual: bool = False) -> Field:
    return Field(name, heading, "", "integer", 10, signed=True, usual=usual)


def _instant(name: str, heading: str, *, usual: bool = False) -> Field:
    return Field(name, heading, "", "instant", 25, usual=usual)


ROWS = (
    Field("account", "Account"),
    Field("channel", "Channel"),
    Field("client", "Client"),
    Field("product_name", "Product name", width=40, usual=True),
    Field("seller_identifier", "Seller identifier", width=20, usual=True),
    Field("channel_identifier", "Channel identifier", width=20, usual=True),
    Field("channel_product_id", "Channel product ID", width=20),
    Field("gtin", "GTIN", width=16),
    _units("seller_inventory.total", "Total", _SELLER, usual=True),
    _units("seller_inventory.sellable", "Sellable", _SELLER, usual=True),
    _units("seller_inventory.committed", "Committed", _SELLER, usual=True),
    _units("seller_inventory.damaged", "Damaged", _SELLER, usual=True),
    _units("seller_inventory.on_hold", "On hold", _SELLER),
    Field("channel_inventory.location_code", "Location code", _CHANNEL, width=16, usual=True),
    Field("channel_inventory.location_id", "Channel location ID", _CHANNEL, width=22, usual=True),
    Field("channel_inventory.location_name", "Location name", _CHANNEL, width=24),
    _units("channel_inventory.inventory", "Inventory", _CHANNEL, usual=True),
    _units("publishable", "Publishable"),
    _units("formula.sellable", "Sellable", _FORMULA),
    _units("formula.allocation", "Allocation %", _FORMULA),
    _units("formula.backorder", "Back-order", _FORMULA),
    _units("formula.buffer", "Buffer", _FORMULA),
    _units("formula.pack_size", "Pack size", _FORMULA),
    _units("formula.cap", "Cap", _FORMULA),
    _signed("delta", "Delta", usual=True),
    _signed("gap", "Gap"),
    Field("direction", "Direction"),
    Field("read_only", "Read only"),
    Field("status", "Recon status", usual=True),
    Field("outcome", "Outcome"),
    Field("checked", "Checked"),
    Field("reason", "Reason", width=20),
    Field("explanation", "Explanation", width=60),
    Field("cause", "Cause", width=22),
    Field("causes", "Causes", width=60),
    _signed("unexplained", "Unexplained"),
    _instant("first_diverged_at", "First diverged"),
    _instant("last_agreed_at", "Last agreed"),
    _instant("settling_until", "Settling until"),
    _instant("stale_since", "Stale since"),
    _instant("captured_at", "Captured"),
    _instant("recon_date", "Recon date", usual=True),
    Field("run", "Run", width=28),
)

EXCEPTIONS = (
    *ROWS,
    Field("sentence", "What it is", width=50, usual=True),
    Field("value", "Value", width=18, usual=True),
    Field("case.id", "Case", "Case", width=28),
    Field("case.state", "State", "Case", usual=True),
    Field("case.owner", "Owner", "Case", width=20, usual=True),
)

PUSHES = (
    Field("id", "Push", width=34),
    Field("client", "Client"),
    Field("channel", "Channel", usual=True),
    Field("account", "Account", usual=True),
    Field("account_name", "Account name", width=20),
    Field("location_id", "Channel location ID", _CHANNEL, width=22),
    Field("location_code", "Location code", _CHANNEL, width=16, usual=True),
    Field("location_name", "Location name", _CHANNEL, width=24),
    Field("sku", "SKU", width=20, usual=True),
    Field("channel_sku", "Channel SKU", width=20, usual=True),
    Field("channel_product_id", "Channel product ID", width=20, usual=True),
    _units("quantity", "Inventory", usual=True),
    _units("formula.sellable", "Sellable", _FORMULA),
    _units("formula.allocation", "Allocation %", _FORMULA),
    _units("formula.backorder", "Back-order", _FORMULA),
    _units("formula.buffer", "Buffer", _FORMULA),
    _units("formula.pack_size", "Pack size", _FORMULA),
    _units("formula.cap", "Cap", _FORMULA),
    _units("formula.calculated", "Calculated", _FORMULA),
    _units("formula.withheld", "Withheld", _FORMULA),
    _units("showed", "Showed"),
    _units("before", "Before"),
    _units("after", "After"),
    Field("status", "Status", usual=True),
    Field("outcome", "Outcome", width=16),
    Field("message", "Message", width=60, usual=True),
    Field("advice", "Advice", width=60),
    _instant("queued_at", "Date", usual=True),
    _instant("sent_at", "Sent"),
    _instant("done_at", "Done"),
    _units("attempts", "Attempts"),
    Field("retry_of", "Retry of", width=34),
    Field("retried_by", "Retried by", width=28),
    Field("plan", "Plan", width=28),
    Field("kind", "Kind"),
    Field("share", "Part"),
    Field("proposed_by", "Proposed by", width=28),
    Field("decided_by", "Decided by", width=28),
    Field("approved", "Approved"),
)

AUDIT = (
    Field("sequence", "Sequence", "", "integer", 10, usual=True),
    _instant("at", "At", usual=True),
    Field("actor", "Actor", width=28, usual=True),
    Field("request", "Request", width=28),
    Field("action", "Action", usual=True),
    Field("kind", "Kind", width=16, usual=True),
    Field("subject", "Subject", width=36, usual=True),
    Field("before", "Before", width=50, usual=True),
    Field("after", "After", width=50, usual=True),
    Field("previous", "Previous hash", width=20),
    Field("hash", "Hash", width=20),
)

CATALOGUE: Mapping[View, Sequence[Field]] = {
    View.ROWS: ROWS,
    View.PUSHES: PUSHES,
    View.EXCEPTIONS: EXCEPTIONS,
    View.AUDIT: AUDIT,
}
TITLES = {
    View.ROWS: "Reconciliation",
    View.PUSHES: "Push log",
    View.EXCEPTIONS: "Exceptions",
    View.AUDIT: "Audit trail",
}


def usual(of: View) -> tuple[Shown, ...]:
    """The columns of a file for which nobody chose any."""
    return tuple(Shown(name=field.name) for field in CATALOGUE[of] if field.usual)


def check_columns(of: View, columns: Sequence[Shown]) -> None:
    """RejectedError naming the columns that there are none of, or that come twice."""
    if faults := column_faults(of, columns):
        raise RejectedError("Some columns cannot be exported.", faults)


def column_faults(of: View, columns: Sequence[Shown]) -> tuple[Fault, ...]:
    """What `check_columns` refuses."""
    return tuple(_faults({field.name for field in CATALOGUE[of]}, columns))


def _faults(known: set[str], columns: Sequence[Shown]) -> Iterator[Fault]:
    if len(columns) > MAX_COLUMNS:
        yield Fault("/columns", f"there may be {MAX_COLUMNS}")
    seen: set[str] = set()
    for number, column in enumerate(columns):
        if column.name not in known:
            yield Fault(f"/columns/{number}/name", "is no column of this view")
        elif column.name in seen:
            yield Fault(f"/columns/{number}/name", "is chosen already")
        seen.add(column.name)


def table_of(of: View, columns: Iterable[Shown]) -> Table:
    known = {field.name: field for field in CATALOGUE[of]}
    return Table(TITLES[of], tuple(known[one.name].column(one.width) for one in columns))
