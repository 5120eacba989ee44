"""Which addresses a shop may have: https and public, or loopback where that is allowed.

The name is resolved here and the connection goes to the very address that was checked, so that
a name cannot point elsewhere a moment later. TLS still verifies the name.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

import httpx

from vendure_errors import BusyError, ShopError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]

NAT64 = ipaddress.ip_network("64:ff9b::/96")
PATH = "admin-api"


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host; BusyError if there is none now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BusyError(f"The address of {host} was not found.", 60) from error
    return [str(entry[4][0]) for entry in found]


def admin_url(base: object, *, allow_loopback: bool) -> httpx.URL:
    """The admin API under an account's configured `url`; ShopError if it is not acceptable."""
    if not isinstance(base, str) or not base.strip():
        raise ShopError("The account's configuration has no `url`.")
    try:
        url = httpx.URL(base.strip())
    except httpx.InvalidURL as error:
        raise ShopError("The account's `url` is not an address.") from error
    if not url.host or url.userinfo or url.query or url.fragment:
        raise ShopError("The account's `url` may only have a scheme, a host, a port and a path.")
    if url.scheme != "https" and not (allow_loopback and url.scheme == "http"):
        raise ShopError("The account's `url` must begin with https://.")
    folder = url.path.rstrip("/").removesuffix(f"/{PATH}")
    return url.copy_with(path=f"{folder}/{PATH}")


def checked_address(host: str, addresses: Iterable[str], *, allow_loopback: bool) -> str:
    """The address to connect to; ShopError unless every one of a name's addresses is acceptable."""
    parsed = [ipaddress.ip_address(address.split("%")[0]) for address in addresses]
    if not parsed:
        raise ShopError(f"The address of {host} was not found.")
    if not all(_acceptable(address, allow_loopback) for address in parsed):
        raise ShopError(f"{host} is not a public address.")
    return str(parsed[0])


def _acceptable(address: Address, allow_loopback: bool) -> bool:  # noqa: FBT001
    inner = _embedded(address)
    if inner is not None:
        return _acceptable(inner, allow_loopback)
    if address.is_loopback:
        return allow_loopback
    return address.is_global and not address.is_multicast


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class GuardedTransport(httpx.BaseTransport):
    """Sends requests to checked addresses only, http only to loopback."""

    def __init__(
        self,
        *,
        allow_loopback: bool,
        resolve: Resolve = resolve,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or 443
        address = checked_address(
            host, self._resolve(host, port), allow_loopback=self._allow_loopback
        )
        if request.url.scheme != "https" and not ipaddress.ip_address(address).is_loopback:
            raise ShopError("The account's `url` must begin with https://.")
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()
