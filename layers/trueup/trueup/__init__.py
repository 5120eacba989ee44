"""Trueup: compares stock with what every channel shows, and says why they differ."""
