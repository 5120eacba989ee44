"""Which seeds are for work, and which are kept aside for the final check."""

DEVELOPMENT = (1, 2, 3)
"""Look at their cases as much as you like."""

FINAL = (7_340_033, 9_176_423, 5_915_587)
"""Run with `--final` only, after the last change of the explainer; never to find what to change."""
