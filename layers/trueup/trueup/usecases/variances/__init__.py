"""What the seller's own sources state, beside what the ledger expects."""
