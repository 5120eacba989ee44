"""The difference sheet of a page of rows."""

import numpy as np

from trueup.books.pages import Page
from trueup.compare.columns import as_numpy, picked
from trueup.domain.outcomes import Outcome, Reason, outcome_of

_DIFFERS = np.array([outcome_of(reason) is not Outcome.MATCH for reason in sorted(Reason)])
"""By reason: its number is its index."""


def sheet_of(page: Page) -> Page | None:
    """The rows of a page of the ROWS schema whose outcome is not a match; None: all match."""
    rows = np.flatnonzero(_DIFFERS[as_numpy(page.ints["reason"])])
    if not rows.size:
        return None
    keys = page.keys
    ints = {name: picked(column, rows) for name, column in page.ints.items()}
    return Page([keys[i] for i in rows.tolist()], ints)
