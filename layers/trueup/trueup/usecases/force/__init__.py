"""Making a channel right: plans, decisions, pushes, their log, and the way back."""
