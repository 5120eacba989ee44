"""Money: minor units of an ISO 4217 currency, to and from decimal text."""

import re
from functools import lru_cache

from trueup.domain.stock import MAX_QUANTITY

_TWO_DIGITS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: dict[str, int] = (
    dict.fromkeys(_TWO_DIGITS.split(), 2)
    | dict.fromkeys(_NO_DIGITS.split(), 0)
    | dict.fromkeys(_THREE_DIGITS.split(), 3)
)
"""Digits after the decimal point by currency code (ISO 4217)."""

_AMOUNT = re.compile(r"(\d{1,16})(?:\.(\d*))?", re.ASCII)


@lru_cache(maxsize=4096)
def minor_units(text: str, currency: str) -> int:
    """Of decimal text: "12.5" in EUR is 1250. ValueError tells what is wrong."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise ValueError(f"{currency or 'nothing'} is not an ISO 4217 currency code")
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        raise ValueError("not an amount such as 12.99: digits and one decimal point only")
    decimals = (amount[2] or "").rstrip("0")
    if len(decimals) > exponent:
        raise ValueError(f"{currency} has {exponent} decimals")
    minor = int(amount[1] + decimals.ljust(exponent, "0"))
    if minor > MAX_QUANTITY:
        raise ValueError("too large an amount")
    return minor


def decimal_text(minor: int, currency: str) -> str:
    """The inverse of `minor_units`: 1250 in EUR is "12.50"."""
    exponent = EXPONENTS[currency]
    digits = str(minor).rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
