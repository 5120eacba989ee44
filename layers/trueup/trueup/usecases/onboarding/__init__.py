"""Bringing a new account in: what is unmapped on either side, and what would fit together."""
