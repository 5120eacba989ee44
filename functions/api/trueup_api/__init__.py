"""The HTTP API: a table of routes, how requests are read, and how errors are told."""
