"""Pushes: quantities that the product, or a tool of the seller, set at a channel."""

import msgspec

UNREAD = -(2**62)
"""Stands for "not read" where a quantity may be any other integer."""

SEEN = "~seen"
"""Ends the id of the entry that says when a push was seen: it often comes later."""


class PushEntry(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a stream of pushes: that a quantity was set, or (`seen_at`) that it was seen.

    `sku`: the channel's key of the listing, by which streams are cut into shards. `location`: the
    channel's. `quantity`: channel units, available. `occurred_at`: when the channel accepted it,
    milliseconds. `source`: who set it. `before`: what the channel showed then. `seen_at`: when it
    was read back as set; 0: this entry does not say.
    """

    sku: str
    location: str
    quantity: int
    occurred_at: int
    source: str
    id: str
    before: int = UNREAD
    seen_at: int = 0
    recorded_at: int = 0
    """Milliseconds since 1970 UTC at which we stored it; set by the ledger alone."""

    @property
    def push_id(self) -> str:
        """The id that the push was given, whichever of its entries this is."""
        return self.id.removesuffix(SEEN)


def entries_of(push: PushEntry) -> tuple[PushEntry, ...]:
    """A push as its entries: so a push that is told again once it was seen adds only that."""
    set_ = msgspec.structs.replace(push, seen_at=0)
    if not push.seen_at:
        return (set_,)
    return (set_, msgspec.structs.replace(push, id=push.id + SEEN, before=UNREAD))
