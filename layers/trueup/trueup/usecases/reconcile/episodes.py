"""Since when a row does not match: the episode, carried on from version to version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.books.reader import BookReader
from trueup.books.schema import RowUnknown
from trueup.domain.outcomes import GAPS, Outcome, Reason, outcome_of
from trueup.explain.facts import Capture

Values = Mapping[str, Any]
_KEPT = ("agreed_at", "agreed_version", "diverged_at", "diverged_version")


class PreviousRows:
    """The version before. `reader` None: there is none. `at`: when it was captured, ms."""

    def __init__(self, reader: BookReader | None, version: int = 0, at: int = 0) -> None:
        self._reader = reader
        self.version = version
        self.at = at

    def of(self, keys: Sequence[str]) -> dict[str, Values]:
        """Its rows of sorted keys. Of those that did not match by their sheets alone."""
        if self._reader is None:
            return {}
        found: dict[str, Values] = dict(self._reader.get_differing(keys))
        newly = [key for key in keys if key not in found]
        return found | self._reader.get(newly)

    def capture(self, before: Values | None) -> Capture | None:
        """How a row stood."""
        if before is None:
            return None
        unknown = before["unknown"]
        return Capture(
            at=self.at,
            reported=None if unknown & RowUnknown.REPORTED else before["reported"],
            publishable=None if unknown & RowUnknown.SELLABLE else before["publishable"],
            matched=_matched(before),
        )

    def captures(self, before: Values | None) -> int:
        """1 for the first capture at which a row differs, 2 from the second on."""
        return 2 if before is not None and before["reason"] in GAPS else 1


@dataclass(frozen=True, slots=True)
class Episodes:
    """Begins episodes, or carries them on.

    `version`: the one that is being made. `at`: when it was captured, for rows that the channel
    does not show; milliseconds.
    """

    previous: PreviousRows
    version: int
    at: int

    def of(self, before: Values | None, captured_at: int) -> dict[str, int]:
        """The columns of a row that does not match; `captured_at` 0: it was not captured."""
        if before is not None and not _matched(before):
            return self._carried_on(before)
        agreed = before is not None
        return {
            "agreed_at": self.previous.at if agreed else 0,
            "agreed_version": self.previous.version if agreed else 0,
            "diverged_at": captured_at or self.at,
            "diverged_version": self.version,
        }

    def _carried_on(self, before: Values) -> dict[str, int]:
        kept = {name: before.get(name, 0) for name in _KEPT}
        if kept["diverged_at"]:
            return kept
        # A version from before episodes: it did not match then, and since when is not known.
        return kept | {"diverged_at": self.previous.at, "diverged_version": self.previous.version}


def _matched(values: Values) -> bool:
    return outcome_of(Reason(values["reason"])) is Outcome.MATCH
