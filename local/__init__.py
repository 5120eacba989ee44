"""The embedded stack: build the template's code, run MiniStack, deploy, and show it."""
