"""Terms of a priority."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.statements import changed

STATEMENTS = (
    "score += <0.5> * (bins == item)",
    "score -= <0.4> * ((bins - item > <2>) & (bins - item < <20>))",
    "score += <0.3> * (bins - item > <25>)",
    "score -= <0.3> * (bins - item < <10>)",
    "score += <0.5> * (bins - item < <3>)",
    "score -= <0.5> * ((bins - item) / CAPACITY) ** <2>",
    "score += <0.5> * np.exp(-(bins - item) / <5.0>)",
    "score -= <0.5> * np.exp(-(bins - item) / <20.0>)",
    "score += <0.3> * (bins == CAPACITY)",
    "score -= <0.3> * (bins == CAPACITY)",
    "score += <0.4> * (item > <50>) * (bins == CAPACITY)",
    "score -= <0.4> * (item < <30>) * (bins > <60>)",
    "score += <0.2> * np.sin(bins / <10.0>)",
    "score -= np.abs(bins - item - <30.0>) / CAPACITY",
    "score += <0.3> * item / bins",
    "score += <0.2> * np.log(bins)",
    "score += <0.1> * (np.mod(bins - item, <5>) == 0)",
    "score = np.where(bins - item < <4>, <1.0>, score)",
    "score = np.where(bins > <80>, score - <0.3>, score)",
    "score = score * item / CAPACITY",
    "score = -score",
    "score = np.abs(score)",
    "score = np.round(score, 1)",
    "score = np.maximum(score, -<0.3>)",
)


def edit(rng: Random, block: str) -> str:
    """A term more, less or other."""
    return changed(rng, block, "score ", STATEMENTS)
