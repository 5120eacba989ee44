"""The audit trail: keeping it, reading it, checking it."""
