"""What a comparison of one row says: reason, outcome, and the status people see."""

from enum import IntEnum, StrEnum

from trueup.domain.tolerances import Limits


class Status(StrEnum):
    """The seller panel's Recon Status: Success (gap within tolerance) or Failed (all else)."""

    SUCCESS = "Success"
    FAILED = "Failed"


class Outcome(StrEnum):
    """Match: within the tolerance. Explained: it differs for causes that pass by themselves."""

    MATCH = "match"
    EXPLAINED = "explained"
    EXCEPTION = "exception"


class Reason(IntEnum):
    """Why a row has its status; the number is stored in pages, so it is never reused.

    At most one applies: the first in the order of `PRECEDENCE` below.
    """

    MATCHES = 0
    DIFFERS = 1
    WITHIN_TOLERANCE = 2
    POSITION_UNKNOWN = 3
    COMPONENT_UNKNOWN = 4
    NOT_ON_CHANNEL = 5
    NOT_LISTED = 6
    QUANTITY_UNKNOWN = 7
    OUT_OF_RANGE = 8
    EXPLAINED = 9
    STALE = 10


EXPLANATIONS: dict[Reason, str] = {
    Reason.MATCHES: "The channel shows what can be published.",
    Reason.DIFFERS: "The channel shows another quantity than can be published.",
    Reason.WITHIN_TOLERANCE: "The channel differs by no more than the account tolerates.",
    Reason.POSITION_UNKNOWN: (
        "No baseline or count of before the channel was read says how much of this SKU there was."
    ),
    Reason.COMPONENT_UNKNOWN: "The stock of at least one component of this kit is unknown.",
    Reason.NOT_ON_CHANNEL: "Listed here, but the channel shows no such item at this location.",
    Reason.NOT_LISTED: "The channel shows an item that no listing of this account names.",
    Reason.QUANTITY_UNKNOWN: "The channel shows the item but not its quantity.",
    Reason.OUT_OF_RANGE: "A quantity is too large to compare exactly.",
    Reason.EXPLAINED: "The channel shows another quantity, for causes that pass by themselves.",
    Reason.STALE: "What the channel showed is older than the account allows.",
}


GAPS = (Reason.DIFFERS, Reason.EXPLAINED)
"""Reasons of rows whose gap is beyond the tolerance."""


def outcome_of(reason: Reason) -> Outcome:
    if reason is Reason.EXPLAINED:
        return Outcome.EXPLAINED
    matching = (Reason.MATCHES, Reason.WITHIN_TOLERANCE)
    return Outcome.MATCH if reason in matching else Outcome.EXCEPTION


def status_of(reason: Reason) -> Status:
    return Status.SUCCESS if outcome_of(reason) is Outcome.MATCH else Status.FAILED


def reason_of(
    gap: int | None,
    *,
    publishable: int | None,
    reported: int | None,
    tolerance: Limits,
) -> Reason:
    """The reason of a row that is both listed and shown: by its gap, in channel units."""
    if publishable is None:
        return Reason.POSITION_UNKNOWN
    if reported is None or gap is None:
        return Reason.QUANTITY_UNKNOWN
    if gap == 0:
        return Reason.MATCHES
    within = tolerance.allow(gap, publishable)
    return Reason.WITHIN_TOLERANCE if within else Reason.DIFFERS
