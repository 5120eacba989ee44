"""The compare of a small account, one row at a time: a plain full outer join over dicts.

In the scalar arithmetic of the domain, so that it shares nothing with the vectorised engine.
"""

import msgspec

from tests.property.compare_cases import Case, Pool, Row, Rows
from trueup.books.schema import ROWS, RowUnknown, Unknown, Unset
from trueup.domain.keys import sku_of, unlisted_key
from trueup.domain.outcomes import Outcome, Reason, outcome_of, reason_of
from trueup.domain.runs import Tally
from trueup.domain.stock import (
    MAX_QUANTITY,
    Position,
    Terms,
    gap,
    kit_units,
    pooled,
    publishable,
    shared,
)


def out_of_range(*quantities: int | None) -> bool:
    return any(abs(quantity) > MAX_QUANTITY for quantity in quantities if quantity is not None)


def position_of(pool: Pool, sku: str) -> Position:
    row = pool.rows.get(sku)
    if row is None:
        return Position(on_hand=0 if pool.complete else None)
    uncounted = row["unknown"] & ~Unknown.STATED
    return Position(
        None if uncounted else row["on_hand"],
        row["committed"],
        row["damaged"],
        row["on_hold"],
        None if row["unknown"] & Unknown.STATED else row["stated"],
    )


def sellable_of(case: Case, sku: str) -> tuple[int | None, bool]:
    """Pooled sellable, and whether a quantity is out of range."""
    figures = [
        f for pool in case.pools for n, f in pool.rows.get(sku, {}).items() if n != "unknown"
    ]
    parts = [shared(position_of(pool, sku).sellable, pool.share) for pool in case.pools]
    total = pooled(parts)
    beyond = out_of_range(*figures)
    for name in ("on_hand", "committed", "damaged", "on_hold"):
        known = [pool.rows.get(sku, {}).get(name, 0) * pool.share // 100 for pool in case.pools]
        beyond = beyond or out_of_range(sum(known))
    beyond = beyond or out_of_range(total) or out_of_range(sum(part or 0 for part in parts))
    return (None if beyond else total), beyond


def kit_of(case: Case, components: str) -> tuple[int | None, bool]:
    recipe = [(sellable_of(case, sku), count) for sku, count in msgspec.json.decode(components)]
    if any(beyond for (_, beyond), _ in recipe):
        return None, True
    return kit_units([(sellable, count) for (sellable, _), count in recipe]), False


def shown_of(case: Case, row: Row | None) -> tuple[int | None, bool]:
    if row is None or row["unknown"]:
        return None, False
    allocated = row["allocated"] if case.terms.on_hand_channel else 0
    reported = row["reported"] - allocated
    beyond = out_of_range(row["reported"], allocated, reported)
    return (None if beyond else reported), beyond


def stale(case: Case, seen: Row) -> bool:
    return case.terms.oldest is not None and seen["captured_at"] < case.terms.oldest


def expected_row(case: Case, key: str, row: Row) -> Row:
    sku, seen = sku_of(key), case.observations.get(key)
    kit = bool(row["components"])
    sellable, beyond = kit_of(case, row["components"]) if kit else sellable_of(case, sku)
    terms = Terms(
        pack_size=row["pack_size"],
        buffer=case.terms.buffer if row["unset"] & Unset.BUFFER else row["buffer"],
        backorder=row["backorder"],
        cap=None if row["unset"] & Unset.CAP else row["cap"],
        allocation=case.terms.allocation,
    )
    bad_terms = out_of_range(row["buffer"], row["cap"], row["backorder"])
    units = None if bad_terms else publishable(sellable, terms)
    beyond = beyond or bad_terms or out_of_range(units)
    if units is None or out_of_range(units):
        sellable = units = None
    reported, bad_report = shown_of(case, seen)
    reason = reason_of(
        gap(units, reported),
        publishable=units,
        reported=reported,
        tolerance=case.terms.tolerance.of(sku),
    )
    compared = reason in (Reason.MATCHES, Reason.WITHIN_TOLERANCE, Reason.DIFFERS)
    if compared and seen and stale(case, seen):
        reason = Reason.STALE
    if reason is Reason.POSITION_UNKNOWN and kit:
        reason = Reason.COMPONENT_UNKNOWN
    if beyond or bad_report:
        reason = Reason.OUT_OF_RANGE
    if seen is None and case.terms.complete:
        reason = Reason.NOT_ON_CHANNEL
    return {
        **totals_of(case, sku, kit=kit),
        "sellable": sellable or 0,
        "publishable": units or 0,
        "reported": reported or 0,
        "pack_size": terms.pack_size,
        "buffer": terms.buffer,
        "backorder": terms.backorder,
        "cap": terms.cap or 0,
        "reason": reason.value,
        "unknown": total_bit(case, sku, kit=kit)
        | (RowUnknown.SELLABLE if units is None else 0)
        | (RowUnknown.REPORTED if reported is None else 0)
        | (RowUnknown.CAP if terms.cap is None else 0),
    }


def total_bit(case: Case, sku: str, *, kit: bool) -> int:
    def known(pool: Pool) -> bool:
        row = pool.rows.get(sku)
        return pool.complete if row is None else not row["unknown"] & Unknown.ON_HAND

    everywhere = bool(case.pools) and all(known(pool) for pool in case.pools)
    counted = not kit and everywhere and not sellable_of(case, sku)[1]
    return 0 if counted else RowUnknown.TOTAL


def totals_of(case: Case, sku: str, *, kit: bool) -> Row:
    """What the members' parts of each quantity add up to."""
    names = {
        "total": "on_hand",
        "committed": "committed",
        "damaged": "damaged",
        "on_hold": "on_hold",
    }
    if kit or sellable_of(case, sku)[1]:
        return dict.fromkeys(names, 0)
    sums = {
        name: sum(p.rows.get(sku, {}).get(column, 0) * p.share // 100 for p in case.pools)
        for name, column in names.items()
    }
    return sums | ({"total": 0} if total_bit(case, sku, kit=kit) else {})


def expected(case: Case) -> Rows:
    rows = {key: expected_row(case, key, row) for key, row in case.listings.items()}
    for key, seen in case.observations.items():
        if key not in case.listings:
            reported, _ = shown_of(case, seen)
            bits = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
            rows[unlisted_key(key)] = dict.fromkeys(ROWS.ints, 0) | {
                "reported": reported or 0,
                "pack_size": 1,
                "reason": Reason.NOT_LISTED.value,
                "unknown": bits | (RowUnknown.REPORTED if reported is None else 0),
            }
    return dict(sorted(rows.items()))


def expected_tally(case: Case, rows: Rows) -> Tally:
    tally = Tally(rows=len(rows))
    for key, row in rows.items():
        tally += counted(row)
        if row["reason"] == Reason.DIFFERS:
            tally += valued(row, case.listings[key])
    mine = {sku for pool in case.pools for sku in pool.rows}
    return tally + Tally(unlisted_skus=len(mine - {sku_of(key) for key in case.listings}))


def counted(row: Row) -> Tally:
    reason = Reason(row["reason"])
    if outcome_of(reason) is Outcome.MATCH:
        return Tally(matching=1)
    names = {
        Reason.DIFFERS: "differing",
        Reason.STALE: "stale",
        Reason.NOT_LISTED: "not_listed",
        Reason.NOT_ON_CHANNEL: "not_on_channel",
    }
    return Tally.model_validate({names.get(reason, "unknown"): 1})


def valued(row: Row, listing: Row) -> Tally:
    units = row["publishable"] - row["reported"]
    over = units < 0
    oversold = int(over and row["publishable"] == 0)
    side = "units_over" if over else "units_under"
    tally = Tally.model_validate({side: abs(units), "oversold_rows": oversold})
    if listing["unset"] & Unset.PRICE or not listing["currency"]:
        return tally + Tally(unvalued=1)
    value = {listing["currency"]: abs(units) * listing["price"]}
    return tally + (Tally(value_over=value) if over else Tally(value_under=value))
