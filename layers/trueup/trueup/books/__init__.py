"""Books: sorted, versioned rows in immutable compressed pages (see docs/decisions)."""
