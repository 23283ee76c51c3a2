"""When more repeats of a noisy evaluation would decide nothing.

Of N scores that are to be taken, n are there: mean m, standard deviation s (n − 1). What is asked is not where the
true score lies, but whether the mean M of all N would be above the bar T: the score of the best program, of the
parent, or of a stage's threshold. All that is unknown of M are the N − n scores to come. For independent normal
scores

    (m − M) / (s·√(1/n − 1/N))  is exactly  t with n − 1 degrees of freedom,

since m and s² are independent and Var(m − M) = σ²·(1/n − 1/N): the standard error with the correction for a finite
population (Cochran, Sampling Techniques, 3rd edition, section 2.6). It falls to 0 as n comes to N.

`confidence_interval`: stop when the two-sided interval for M at level 1 − α/L leaves T outside, with α = 1 − confidence
and L = N − least the number of looks there can be. Looking again and again inflates the error of one interval
(Armitage, McPherson and Rowe 1969); by Bonferroni's inequality all looks together decide otherwise than all N scores
would with probability at most α, wherever the true score lies. Equal scores give no interval: then it goes on.

`bayesian`: stop when the posterior predictive probability of M > T is at least the confidence or at most 1 − confidence
(predictive probability as in Lee and Liu 2008, Clinical Trials 5:93-106). The prior is the usual flat one for mean and
log variance with one imagined score at T, a sceptic's: a candidate is as good as what it is compared with until
several scores say otherwise. With that score among them the n + 1 have mean μ and sum of squares S, and the mean of
the r = N − n scores to come is

    t with n degrees of freedom, location μ, scale √(S/n · (1/(n+1) + 1/r))

(Gelman et al., Bayesian Data Analysis, 3rd edition, section 3.2); M > T where it is above (N·T − n·m)/r. Averaged over
candidates as they come, an early stop is wrong with probability 1 − confidence at most as far as the prior holds; it
stops sooner than the interval, with no bound for a given true score.

`hybrid`: a candidate below the bar stops by `bayesian`, one above it by `confidence_interval`. Most candidates are
worse and are to cost little; one that is taken for better becomes a parent, and luck is not to make it one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from shinka_core.evaluating.student import t_above

Rule = Literal["none", "confidence_interval", "bayesian", "hybrid"]


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """When to stop.

    Attributes:
        least: Scores before the first look, at least 2.
        confidence: Of an early decision, in (0.5, 1).
    """

    rule: Rule = "none"
    least: int = 3
    confidence: float = 0.95

    def settled(self, scores: Sequence[float], most: int, bar: float | None) -> bool:
        """Whether the scores to come would not change on which side of the bar their mean is.

        Args:
            scores: `(n,)` of the evaluations made, in order.
            most: Evaluations that would be made in all, N.
            bar: What they are compared with; None: nothing, so all are made.
        """
        if len(scores) >= most:
            return True
        if self.rule == "none" or bar is None or len(scores) < max(self.least, 2):
            return False
        gains = _gains(scores, bar)
        if gains is None:
            return False
        if self.rule == "confidence_interval" or (self.rule == "hybrid" and fmean(gains) > 0):
            return self._apart(gains, most)
        above = probability_above(gains, most)
        if self.rule == "hybrid":
            return above <= 1 - self.confidence
        return above <= 1 - self.confidence or above >= self.confidence

    def _apart(self, gains: Sequence[float], most: int) -> bool:
        """Whether the interval for the mean of all scores leaves the bar outside."""
        count, spread = len(gains), stdev(gains)
        if spread == 0.0:
            return False
        error = spread * math.sqrt(1 / count - 1 / most)
        looks = most - max(self.least, 2)
        return 2 * t_above(abs(fmean(gains)) / error, count - 1) <= (1 - self.confidence) / looks


def probability_above(gains: Sequence[float], most: int) -> float:
    """The posterior predictive probability that the mean of all scores is above the bar.

    Args:
        gains: `(n,)` scores less the bar, n >= 1.
        most: Scores in all, more than n.
    """
    count, rest = len(gains), most - len(gains)
    total = math.fsum(gains)
    mean = total / (count + 1)  # the imagined score's gain is 0
    squares = math.fsum((gain - mean) ** 2 for gain in (*gains, 0.0))
    scale = math.sqrt(squares / count * (1 / (count + 1) + 1 / rest))
    if scale == 0.0:
        return 0.0  # every score is the bar: nothing says that the mean will be above it
    return t_above((-total / rest - mean) / scale, count)


def _gains(scores: Sequence[float], bar: float) -> list[float] | None:
    """The scores less the bar, the largest of them 1 or -1: the rules know no unit; None where floats end."""
    gains = [score - bar for score in scores]
    largest = max(map(abs, gains))
    if not math.isfinite(largest):
        return None
    return [gain / largest for gain in gains] if largest else gains
