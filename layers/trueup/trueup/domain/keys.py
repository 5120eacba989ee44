r"""Keys under which rows of books are sorted and joined.

Books sort by key, in the order of Unicode code points. A baseline's key is the SKU. A listing's
(and so a row's) key is the SKU where the channel knows it by the same code, otherwise
``SKU NUL channel_key``, since one SKU may be listed more than once (single and six-pack). What
the channel shows and nobody listed has the key ``channel_key NUL NUL``. NUL sorts before every
character that a code may hold, so all keys of one SKU are neighbours and stay in SKU order.
"""

SEPARATOR = "\x00"
BEHIND = "\x01"
"""A SKU with this behind it sorts after all keys of the SKU, and before all of the next."""

MAX_CODE_LENGTH = 256


def listing_key(sku: str, channel_key: str) -> str:
    """The key of the listing of `sku` that the channel knows as `channel_key` (its SKU or GTIN)."""
    return sku if sku == channel_key else f"{sku}{SEPARATOR}{channel_key}"


def unlisted_key(channel_key: str) -> str:
    """The key of something the channel shows that no listing names."""
    return f"{channel_key}{SEPARATOR}{SEPARATOR}"


def is_unlisted(key: str) -> bool:
    return key.endswith(SEPARATOR + SEPARATOR)


def sku_of(key: str) -> str:
    """The seller's SKU in a key; for an unlisted key, the channel's code."""
    return key.split(SEPARATOR, 1)[0]


def channel_key_of(key: str) -> str:
    """The code the channel knows this row by."""
    if is_unlisted(key):
        return key[:-2]
    return key.rsplit(SEPARATOR, 1)[-1]


def is_code(text: str) -> bool:
    """Whether a text can be a SKU, GTIN or location code: printable, no space at either end.

    1-256 characters. Control characters are refused, since keys use NUL and files newlines; all
    else, leading zeros and any script included, is kept as it is.
    """
    return (
        0 < len(text) <= MAX_CODE_LENGTH
        and text == text.strip()
        and all(character.isprintable() for character in text)
    )
