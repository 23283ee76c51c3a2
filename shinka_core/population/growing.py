"""Arrays that are appended to."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_CAPACITY = 256


class GrowingArray:
    """Rows of one type that are appended to; the storage doubles when it is full."""

    def __init__(self, dtype: Any, width: int | None = None, *, rows: int = 0, fill: Any = 0) -> None:
        self._shape = () if width is None else (width,)
        self._rows: NDArray[Any] = np.full((max(FIRST_CAPACITY, rows), *self._shape), fill, dtype=dtype)
        self._length = rows

    def append(self, row: Any) -> None:
        """Adds one row."""
        if self._length == len(self._rows):
            larger = np.empty((2 * self._length, *self._shape), dtype=self._rows.dtype)
            larger[: self._length] = self._rows
            self._rows = larger
        self._rows[self._length] = row
        self._length += 1

    def draft(self) -> GrowingArray:
        """One that can be appended to and dropped, before this one is appended to."""
        return copy(self)

    def copy(self) -> GrowingArray:
        """One of its own."""
        other = copy(self)
        other._rows = self._rows.copy()
        return other

    @property
    def rows(self) -> NDArray[Any]:
        """A view of all rows: `(n,)` or `(n, width)`."""
        return self._rows[: self._length]


class GrowingColumns:
    """Numbers by name and row, NaN where a row has none; names may come late."""

    def __init__(self) -> None:
        self._columns: dict[str, GrowingArray] = {}
        self._length = 0

    def append(self, row: Mapping[str, float]) -> None:
        """Adds one row."""
        for name in row.keys() - self._columns.keys():
            self._columns[name] = GrowingArray(np.float64, rows=self._length, fill=np.nan)
        for name, column in self._columns.items():
            column.append(row.get(name, np.nan))
        self._length += 1

    def draft(self) -> GrowingColumns:
        """One that can be appended to and dropped, before this one is appended to."""
        other = copy(self)
        other._columns = {name: column.draft() for name, column in self._columns.items()}
        return other

    @property
    def columns(self) -> dict[str, NDArray[np.float64]]:
        """A view of every column, `(n,)` each, in the order of their names."""
        return {name: self._columns[name].rows for name in sorted(self._columns)}
