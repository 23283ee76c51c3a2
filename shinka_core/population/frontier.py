"""Who is best on which of the evaluator's instances."""

from __future__ import annotations

import numpy as np

from shinka_core.population.view import Bools, Ints, PopulationView


def instance_frontier(view: PopulationView, programs: Ints) -> tuple[Ints, Bools]:
    """The programs that it takes to be best on every instance.

    On each instance those with the largest score hold it. From the worst score upwards, the later of equals first, a
    program is dropped when every instance that it holds is held by another that has not been dropped. So does GEPA
    (arXiv:2507.19457, and its candidate selector).

    Args:
        programs: `(m,)` correct ones.

    Returns:
        `(k,)` programs in the order in which they were given, and `(k, instances)` which instances each holds;
        none without instance scores.
    """
    values = view.instance_scores[programs]
    if not values.size or np.isnan(values).all():
        return programs[:0], np.zeros((0, values.shape[1]), dtype=np.bool_)
    values = np.where(np.isnan(values), -np.inf, values)
    holds = (values == values.max(axis=0, initial=-np.inf)) & (values > -np.inf)
    order = np.lexsort((-np.arange(len(programs)), view.scores[programs]))
    # Whoever is dropped leaves somebody better on each instance, so that an instance's best holder alone can be the
    # last one on it: at most one program an instance stays.
    last = len(programs) - 1 - np.argmax(holds[order][::-1], axis=0)
    held = holds.any(axis=0)
    kept: list[int] = []
    covered = np.zeros(holds.shape[1], dtype=np.bool_)
    for place in np.unique(last[held]).tolist():
        program = int(order[place])
        if (held & (last == place) & ~covered).any():
            kept.append(program)
            covered |= holds[program]
    stays = np.sort(np.array(kept, dtype=np.int64))
    return programs[stays], holds[stays]
