"""Thresholds, and telling people when they are crossed."""
