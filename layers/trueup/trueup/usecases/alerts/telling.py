"""What people and their systems are told of a threshold, in words and in figures."""

from datetime import datetime

from trueup.domain.notices import CLEARED, CROSSED, Notice
from trueup.domain.runs import Run
from trueup.domain.thresholds import Alert, Measure, Turn
from trueup.domain.time import iso


def notice_of(seller: str, alert: Alert, run: Run, what: Turn, due_at: datetime) -> Notice:
    """The event of a turn. Its id is the same however often the turn is worked out."""
    id_ = f"{run.id}-{alert.threshold}-{what.value}"
    detail = {
        "schema": 1,
        "id": id_,
        "seller": seller,
        "account": alert.account,
        "channel_location": alert.channel_location,
        "threshold": alert.threshold,
        "alert": alert.id,
        "change": what.value,
        "measure": alert.measure.value,
        "currency": alert.currency or None,
        "limit": alert.limit,
        "figure": alert.latest if what is Turn.CLEARED else alert.peak,
        "run": run.id,
        "at": iso(run.finished_at or run.opened_at),
        "text": text_of(seller, alert, what),
    }
    return Notice(
        id=id_, kind=CLEARED if what is Turn.CLEARED else CROSSED, detail=detail, due_at=due_at
    )


_VERBS = {
    Turn.CROSSED: "is above its limit",
    Turn.WORSENED: "has worsened",
    Turn.CLEARED: "is back within its limit",
}


def text_of(seller: str, alert: Alert, what: Turn) -> str:
    """One line for a mail. Codes from outside are quoted; it holds nothing but ASCII."""
    place = f", location {_plain(alert.channel_location)}" if alert.channel_location else ""
    figure = alert.latest if what is Turn.CLEARED else alert.peak
    return (
        f"Trueup, {seller}: {_name(alert.measure)} of account {alert.account}{place} "
        f"{_VERBS[what]}: {_amount(alert, figure)} (limit {_amount(alert, alert.limit)})."
    )


def _plain(code: str) -> str:
    """A channel's code within a sentence: nothing that ends a line, a string or an address."""
    kept = (c if c.isascii() and (c.isalnum() or c in " ._:/-") else "?" for c in code)
    return "'" + "".join(kept) + "'"


def _name(measure: Measure) -> str:
    return measure.value.replace("_", " ")


def _amount(alert: Alert, figure: int) -> str:
    match alert.measure:
        case Measure.VARIANCE_RATE:
            return f"{figure // 100}.{figure % 100:02d} %"
        case Measure.VALUE:
            return f"{figure} {alert.currency} in minor units"
        case Measure.UNITS | Measure.OVERSOLD_ROWS:
            return str(figure)
