"""What a run costs that its Lambdas cannot meter themselves."""

FIXED_TRANSITIONS = 9
"""Start, open, its choice, plan, its choice, map, close, its choice, end."""


def transitions_of(turns: int, ranges: int) -> int:
    """State transitions of a run: three a fetch turn (task, choice, wait), two a range."""
    return FIXED_TRANSITIONS + 3 * turns + 2 * ranges
