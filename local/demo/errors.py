"""What can keep the demo from going on."""


class DemoError(Exception):
    """The text says what is wrong, and what to do about it where that is known."""
