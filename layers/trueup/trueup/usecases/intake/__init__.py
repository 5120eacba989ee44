"""Events of the seller's systems: read, put into our words, and appended to the ledger."""
