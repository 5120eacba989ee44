"""The stock ledger: appending movements, closing books, positions at any instant."""
