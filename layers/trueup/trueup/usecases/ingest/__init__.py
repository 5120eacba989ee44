"""Files and bodies of listings and baselines: read, checked as a whole, then applied."""
