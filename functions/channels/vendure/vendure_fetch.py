"""Fetch: what the shop has on hand and allocated, window by window."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from trueup.channel.contract import FetchRequest, FetchResponse, Observation, PlaceFailure
from trueup.channel.cursors import from_cursor, to_cursor
from trueup.channel.pacing import Allowance
from vendure_api import Api
from vendure_errors import BusyError, OutOfCallsError
from vendure_keys import fold, skus_and_ids
from vendure_places import read_shop
from vendure_types import Variant
from vendure_window import NEIGHBOURS, ShiftedError, Window, read_window

KEYS_AT_ONCE = 50
PAGE_SIZE = 100
LARGEST_PAGE = 1000
MAX_TEXT = 2000
UNTRACKED = "Vendure does not track the stock of this variant."
Outcome = Literal["more", "done"]


class Place(msgspec.Struct, frozen=True):
    """Where a fetch stands: `at` in the list, `end` in positions. Part of every cursor."""

    locations: list[str]
    tracked: bool
    schema: Literal[1] = 1
    chunk: int = 0
    at: int = 0
    end: int = 0
    last: str | None = None


@dataclass
class Reading:
    """The rows of one answer, and where they end."""

    request: FetchRequest
    api: Api
    allowance: Allowance
    now: Callable[[], datetime]
    place: Place = field(default_factory=lambda: Place([], tracked=True))
    first: int = 0
    total: int | None = None
    rows: list[Observation] = field(default_factory=list)
    failed: list[PlaceFailure] = field(default_factory=list)

    def answer(self) -> FetchResponse:
        captured_at = self.now().isoformat()
        try:
            self._begin()
            outcome: Outcome = self._read()
        except OutOfCallsError:
            outcome = "more"
        except BusyError as error:
            return self._response("throttled", captured_at, error)
        return self._response(outcome, captured_at)

    def _response(
        self,
        outcome: Literal["more", "done", "throttled"],
        captured_at: str,
        error: BusyError | None = None,
    ) -> FetchResponse:
        begun = self.place.locations or self.failed
        going_on = to_cursor(self.place) if begun else self.request.cursor
        return FetchResponse(
            outcome=outcome,
            captured_at=captured_at,
            rows=self.rows,
            cursor=None if outcome == "done" else going_on,
            first=self.first,
            span=self.place.end - self.first,
            total=self.total,
            calls=self.allowance.calls,
            retry_after_seconds=error.seconds if error else 0,
            reason=str(error) if error else "",
            failed_locations=self.failed,
        )

    def _begin(self) -> None:
        if self.request.cursor is not None:
            self.place = from_cursor(self.request.cursor, Place)
            self.first = self.place.end
            return
        shop = read_shop(self.api)
        wanted = self.request.locations
        known = [location.id for location in shop.locations]
        self.failed = [
            PlaceFailure(location=location, reason="The shop has no such stock location.")
            for location in wanted or []
            if location not in known
        ]
        kept = [location for location in known if wanted is None or location in wanted]
        self.place = Place(kept, shop.tracked)

    def _read(self) -> Outcome:
        if not self.place.locations:
            self.total = 0
            return "done"
        while self.place.chunk < self._chunks:
            try:
                window = self._window()
            except ShiftedError:
                self._begin_again()
                full = False
            else:
                full = not self._take(window)
            if full or self.allowance.is_spent:
                break
        return "more" if self.place.chunk < self._chunks else "done"

    @property
    def _chunks(self) -> int:
        keys = self.request.keys
        return 1 if keys is None else -(-len(keys) // KEYS_AT_ONCE)

    def _begin_again(self) -> None:
        """The list has shifted: all that was given so far is void."""
        self.place = Place(self.place.locations, self.place.tracked)
        self.rows, self.first, self.total = [], 0, None

    def _window(self) -> Window:
        place = self.place
        take = min(self._wanted + NEIGHBOURS, _page_size(self.request))
        return read_window(self.api, self._criteria(), place.at, place.last, take)

    @property
    def _wanted(self) -> int:
        """How many items still fit into the budget's rows."""
        return max(1, self.allowance.rows_left // len(self.place.locations))

    def _chunk(self) -> Sequence[str]:
        start = self.place.chunk * KEYS_AT_ONCE
        return (self.request.keys or [])[start : start + KEYS_AT_ONCE]

    def _criteria(self) -> dict[str, Any]:
        if self.request.keys is None:
            return {}
        skus, ids = skus_and_ids(self._chunk())
        by_id = {"id": {"in": ids}} if ids else {}
        return {"filter": {"sku": {"in": skus}, **by_id}, "filterOperator": "OR"}

    def _take(self, window: Window) -> bool:
        """Keep what the answer has room for; whether that was all, and there is room for more."""
        items = list(window.variants)[: self._wanted]
        rows = list(self._observations(items))
        while len(items) > 1 and not self.allowance.fits(rows):
            items = items[: len(items) // 2]
            rows = list(self._observations(items))
        if self.rows and not self.allowance.fits(rows):
            return False
        self.rows += rows
        self.allowance.spend_rows(rows)
        whole = len(items) == len(window.variants)
        self._advance(items, at_end=whole and window.is_last)
        if self.request.keys is None:
            self.total = window.total * len(self.place.locations)
        return whole and self.allowance.rows_left >= len(self.place.locations)

    def _advance(self, items: list[tuple[str, Variant]], *, at_end: bool) -> None:
        place = self.place
        end = place.end + len(items) * len(place.locations)
        self.place = msgspec.structs.replace(
            place,
            end=end,
            chunk=place.chunk + at_end,
            at=0 if at_end else place.at + len(items),
            last=None if at_end else fold(items[-1][1].sku),
        )

    def _observations(self, items: list[tuple[str, Variant]]) -> Iterator[Observation]:
        asked = None if self.request.keys is None else set(self._chunk())
        places = set(self.place.locations)
        for key, variant in items:
            if asked is None or key in asked:
                yield from _observed(key, variant, places, tracked=self.place.tracked)


def _observed(
    key: str, variant: Variant, places: set[str], *, tracked: bool
) -> Iterator[Observation]:
    counted = variant.is_tracked(tracked)
    for level in variant.stock_levels:
        if level.stock_location_id in places:
            yield Observation(
                key=key,
                location=level.stock_location_id,
                quantity=level.stock_on_hand if counted else None,
                allocated=level.stock_allocated if counted else 0,
                product_id=variant.id,
                title=variant.name[:MAX_TEXT],
                read_only="" if counted else UNTRACKED,
            )


def _page_size(request: FetchRequest) -> int:
    size = request.account.config.get("page_size", PAGE_SIZE)
    return max(NEIGHBOURS + 1, min(int(size), LARGEST_PAGE))
