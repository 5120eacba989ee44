"""Differences whose true cause is known: a simulated warehouse, a channel with faults, a score."""
