"""What can go wrong between us and the shop. Texts are for the seller to read."""


class ShopError(Exception):
    """The shop, its address or its credentials are not as they have to be."""


class BusyError(ShopError):
    """The shop cannot answer now; ask again after `seconds`."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class LostAnswerError(BusyError):
    """The request went out and no answer came: nobody knows whether it took effect."""


class RefusedError(ShopError):
    """The shop read the request and refused it; it took no effect. `code` is Vendure's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class OutOfCallsError(Exception):
    """The budget allows no further call."""
