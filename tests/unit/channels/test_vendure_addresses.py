"""For requests that are led inside the network: by a setting, a name, or a rebinding."""

from ipaddress import ip_address

import httpx
import pytest

from vendure_addresses import GuardedTransport, admin_url, checked_address
from vendure_errors import ShopError

PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - refused
    "224.0.0.1",
    "255.255.255.255",
    "fd00::1",
    "fe80::1",
    "::",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PUBLIC = ["93.184.216.34", "2606:4700::1111", "::ffff:5db8:d822"]


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str, *, loopback: bool) -> None:
    with pytest.raises(ShopError, match="not a public address"):
        checked_address("shop", [PUBLIC[0], address], allow_loopback=loopback)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_only_where_allowed(address: str) -> None:
    assert checked_address("shop", [address], allow_loopback=True)
    with pytest.raises(ShopError):
        checked_address("shop", [address], allow_loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fine(address: str) -> None:
    checked = checked_address("shop", [address], allow_loopback=False)
    assert ip_address(checked) == ip_address(address)


@pytest.mark.parametrize(
    "base",
    [
        None,
        7,
        "",
        "shop.example.com",
        "http://shop.example.com",
        "ftp://shop.example.com",
        "https://user:pass@shop.example.com",
        "https://shop.example.com/?a=b",
        "https://shop.example.com/#a",
        "https://",
    ],
)
def test_only_plain_https_urls(base: object) -> None:
    with pytest.raises(ShopError):
        admin_url(base, allow_loopback=False)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://a.org", "https://a.org/admin-api"),
        ("https://a.org/", "https://a.org/admin-api"),
        ("https://a.org/admin-api/", "https://a.org/admin-api"),
        ("https://a.org:8443/shop", "https://a.org:8443/shop/admin-api"),
    ],
)
def test_the_admin_api_is_found_under_the_url(base: str, url: str) -> None:
    assert str(admin_url(base, allow_loopback=False)) == url


def _sent(url: str, address: str, *, loopback: bool = True) -> httpx.Request:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    transport = GuardedTransport(
        allow_loopback=loopback,
        resolve=lambda _host, _port: [address],
        inner=httpx.MockTransport(answer),
    )
    with httpx.Client(transport=transport) as client:
        client.post(url)
    return sent[0]


def test_the_connection_goes_to_the_checked_address_and_tls_checks_the_name() -> None:
    request = _sent("https://a.org/admin-api", PUBLIC[0], loopback=False)
    assert request.url.host == PUBLIC[0]
    assert request.headers["host"] == "a.org"
    assert request.extensions["sni_hostname"] == "a.org"


def test_plain_http_goes_to_loopback_only() -> None:
    assert _sent("http://a.org/", "127.0.0.1").url.host == "127.0.0.1"
    with pytest.raises(ShopError, match="https"):
        _sent("http://a.org/", PUBLIC[0])


def test_a_name_that_leads_inside_is_refused() -> None:
    with pytest.raises(ShopError, match="not a public address"):
        _sent("https://a.org/", "169.254.169.254")
