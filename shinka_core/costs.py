"""US dollars of which some are unknown: None is a cost that nobody knows, which is not 0."""

from __future__ import annotations

UNKNOWN = "unknown"


def both(one: float | None, other: float | None) -> float | None:
    """What two things cost together; None where that of one of them is unknown."""
    return None if one is None or other is None else one + other


def known_and_unknown(dollars: float, unknown: int) -> str:
    """A sum in words.

    Args:
        dollars: Of the calls whose cost is known.
        unknown: How many calls there are besides.
    """
    if not unknown:
        return f"${dollars:.4f}"
    return f"${dollars:.4f} and an unknown cost" if dollars else "unknown cost"
