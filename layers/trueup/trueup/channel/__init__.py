"""What a channel connector must answer, and how it answers it."""
