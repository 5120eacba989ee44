"""Replays: a past run again from its evidence; nothing of it becomes visible as rows."""
