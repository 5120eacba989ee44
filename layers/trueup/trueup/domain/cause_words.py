"""A sentence for each cause, as people read it beside an incident."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "buffer": "A buffer holds back stock that could be sold.",
    "backorder": "Back-orders allow more to be sold than there is.",
    "allocation": "The account may draw on a part of the stock only.",
    "pack_remainder": "What is left over of full packs cannot be sold.",
    "cap": "A cap shows less than there is.",
    "floor_at_zero": "Less than nothing can be sold, and a channel cannot show less than 0.",
    "kit_component": "The channel counts kits by other components than the scarcest.",
    "pool": "The channel leaves out a location of the pool, or counts one only.",
    "push_not_visible": "A quantity that we set was accepted and does not show.",
    "lag": "The channel has not seen our latest movements.",
    "orders_not_imported": "The channel sold, and our ledger does not have these orders.",
    "channel_sold": "The channel sold before it was read; our ledger has the order after that.",
    "in_transit": "The channel shows goods under way as if they could be sold.",
    "hold_shown": "The channel shows goods on hold, or damaged, as if they could be sold.",
    "reservation_twice": "The channel took off reservations that we had taken off already.",
    "duplicate_event": "The channel counted a movement twice.",
    "missed_event": "A movement never reached the channel.",
    "hand_edit": "Somebody changed the quantity at the channel.",
    "overwritten": "Another writer set the quantity after we had.",
    "pack_as_units": "Packs were counted as units, or units as packs.",
    "swapped_locations": "Two locations are exchanged at the channel.",
    "moved_between_snapshots": "Stock moved between two snapshots of the source.",
    "unexplained": "No cause was found for these differences.",
    "not_listed": "The channel shows items that no listing of the account names.",
    "not_on_channel": "Listed here, but the channel shows no such items.",
    "unknown": "What can be sold, or what the channel shows, is not known.",
    "stale": "The channel's report, or a location's snapshot, is older than its limit.",
    "variance": "A source states another position than the ledger expects.",
}

VARIANCES: Mapping[str, str] = {
    "late_movements": "Movements came after the source had stated its stock.",
    "in_transit_counted": "The source counts goods that are still under way here.",
    "cutoff": "Movements near the instant of the stock are on its other side at the source.",
    "missed_movement": "The source does not have one movement.",
    "duplicate_movement": "The source has one movement twice.",
    "reclassified": "The source puts the goods into other statuses.",
    "shrinkage": "There is less than the movements lead to, and nothing explains it.",
    "surplus": "There is more than the movements lead to, and nothing explains it.",
    "unexplained_variance": "What can be sold is another quantity, and nothing explains it.",
}
"""Of what a source states, beside what the ledger expects."""


def sentence_of(cause: str) -> str:
    """The sentence of a cause; a cause of a later version has none and is named."""
    known = SENTENCES.get(cause) or VARIANCES.get(cause)
    return known or (f"The cause is {cause.replace('_', ' ')}.")
