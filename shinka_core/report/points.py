"""Where programs lie to each other by their embeddings, on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Programs whose embeddings decide where the axes lie; all others are laid on them.
FITTED = 4_000


def plane(vectors: Sequence[NDArray[np.float32] | None], seed: int = 0) -> list[list[float] | None]:
    """The two principal components of each embedding, `(x, y)`; None for what has none.

    Embeddings of another width than the first one's belong to another model and have no place here.
    """
    width = next((len(vector) for vector in vectors if vector is not None), 0)
    there = [(index, vector) for index, vector in enumerate(vectors) if vector is not None and len(vector) == width]
    found: list[list[float] | None] = [None] * len(vectors)
    if len(there) < 3 or width < 2:
        return found
    rows = np.nan_to_num(np.stack([vector for _, vector in there]), nan=0.0, posinf=0.0, neginf=0.0)
    rows = (rows - rows.mean(axis=0)).astype(np.float64)
    chosen = rows
    if len(rows) > FITTED:
        chosen = rows[np.sort(np.random.default_rng(seed).choice(len(rows), FITTED, replace=False))]
    _, directions = np.linalg.eigh(chosen.T @ chosen)
    axes = directions[:, ::-1][:, :2]
    # The sign of an axis means nothing: the same programs are shown the same way round.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    for (index, _), place in zip(there, rows @ axes, strict=True):
        found[index] = [round(float(place[0]), 4), round(float(place[1]), 4)]
    return found
