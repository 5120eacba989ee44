"""Exceptions: incidents, cases, acceptance, evidence, and the corrections that follow."""
