"""Exports: freezing a view, building its file, and giving it out."""
