"""Bandits over models by ShinkaEvolve's names and parameters, as values of `llm_dynamic_selection` or `bandit`.

What they are called with is what it calls its classes with; what they return are bandits of this project.
"""

from __future__ import annotations

import logging
from typing import Any

from shinka_core.bandit.asymmetric_ucb import AsymmetricUCB
from shinka_core.bandit.fixed import Fixed
from shinka_core.bandit.thompson import Thompson

logger = logging.getLogger("shinka.config")


def asymmetric_ucb(
    *,
    exploration_coef: float = 1.0,
    epsilon: float = 0.2,
    auto_decay: float | None = 0.95,
    cost_aware_coef: float = 0.0,
    **more: Any,
) -> AsymmetricUCB:
    """An upper confidence bound of gains."""
    _idle("AsymmetricUCB", more)
    return AsymmetricUCB(exploration_coef, epsilon, decay=auto_decay or 1.0, cost_power=cost_aware_coef)


def thompson_sampler(
    *, prior_alpha: float = 1.0, prior_beta: float = 1.0, auto_decay: float | None = 0.95, **more: Any
) -> Thompson:
    """Thompson sampling of whether a proposal gains."""
    _idle("ThompsonSampler", more)
    return Thompson(successes=prior_alpha, failures=prior_beta, decay=auto_decay or 1.0)


def fixed_sampler(**more: Any) -> Fixed:
    """By weights, which are `llm_weights` here."""
    _idle("FixedSampler", more)
    return Fixed()


def _idle(kind: str, more: dict[str, Any]) -> None:
    # The arms are the run's models, and its seed is every random choice's.
    told = [name for name, value in more.items() if value is not None and name not in ("arm_names", "n_arms", "seed")]
    if told:
        logger.warning("%s: taken, but without effect here: %s (docs/migration.md)", kind, ", ".join(told))
