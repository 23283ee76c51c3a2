"""Names of rows that are unique over all machines."""

from __future__ import annotations

import time
import uuid


def ordered_id() -> str:
    """A new name that comes after those of before, so that rows lie in the order in which they were made."""
    return f"{time.time_ns():019d}{uuid.uuid4().hex[:13]}"
