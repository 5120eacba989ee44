"""The stock ledger: movements in blocks, folded into positions as of any instant."""
