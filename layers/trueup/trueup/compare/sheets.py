"""The rows of a page that do not match, without what is said of them."""

from collections.abc import Sequence

import numpy as np

from trueup.books.pages import Page
from trueup.compare.columns import Ints, as_numpy, picked
from trueup.domain.outcomes import Outcome, Reason, outcome_of

_DIFFERS = np.array([outcome_of(reason) is not Outcome.MATCH for reason in sorted(Reason)])
"""By reason: its number is its index."""


def sheet_rows(page: Page) -> Ints:
    """Where the rows of a page of the ROWS schema are whose outcome is not a match."""
    return np.flatnonzero(_DIFFERS[as_numpy(page.ints["reason"])]).astype(np.int64)


def sheet_of(page: Page) -> Page | None:
    """Those rows; None: all match."""
    rows = sheet_rows(page)
    return picked_rows(page, rows) if rows.size else None


def picked_rows(page: Page, rows: Ints) -> Page:
    keys = page.keys
    ints = {name: picked(column, rows) for name, column in page.ints.items()}
    return Page([keys[i] for i in rows.tolist()], ints)


def restated(page: Page, rows: Sequence[int], reason: Reason) -> Page:
    """The page with another reason for some rows."""
    if not rows:
        return page
    reasons = as_numpy(page.ints["reason"]).astype(np.int8)
    reasons[list(rows)] = reason
    ints = {**page.ints, "reason": memoryview(reasons.tobytes()).cast("b")}
    return Page.of_joined(page.joined, len(page), ints, page.texts)
