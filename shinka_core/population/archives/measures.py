"""Numbers of programs by name, as settings of archives name them."""

from __future__ import annotations

import numpy as np

from shinka_core.errors import ConfigError
from shinka_core.population.view import Floats, PopulationView, Vectors

SCORE = "score"


def known_measures(view: PopulationView) -> str:
    """The names that programs have numbers of, for messages."""
    return ", ".join(sorted({SCORE, *view.features}))


def check_measured(view: PopulationView, name: str, archive: str, setting: str) -> None:
    """Refuses a name that no program has a number of.

    Args:
        archive: Who wants to know, and by which setting, for the message.

    Raises:
        ConfigError: It is none; names those that are.
    """
    if name != SCORE and name not in view.features:
        raise ConfigError(
            f"archive {archive!r}: {setting} names {name!r}, which no program has a number of; known: "
            f"{known_measures(view)}; correct it, or have the evaluator return it as a public metric"
        )


def measured(view: PopulationView, name: str) -> Floats:
    """`(n,)` what all programs measure, NaN where one does not.

    Args:
        name: `score`, or a feature.
    """
    if name == SCORE:
        return view.scores
    return view.features[name] if name in view.features else np.full(len(view), np.nan)


def diversity(embeddings: Vectors) -> Floats:
    """`(m,)` mean cosine distances of programs to the others, NaN where one has no embedding.

    Args:
        embeddings: `(m, d)` of unit length, zeros where there is none.
    """
    exact = embeddings.astype(np.float64)
    known = exact.any(axis=1)
    similar: Floats = (exact @ exact.sum(axis=0) - 1) / max(int(known.sum()) - 1, 1)
    # Rounded, so that equal programs are equal in whatever order they are summed.
    return np.where(known, 1 - similar.round(9), np.nan)
