"""The steps of one run: open, fetch, plan, compare, close; and finalise, whatever happens."""
