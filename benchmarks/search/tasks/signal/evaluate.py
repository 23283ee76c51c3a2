"""Filtering five noisy signals of 400 samples without looking ahead: close, without lag, without false turns.

Score: the mean over the signals of 0.6 / (1 + 4 error) + 0.2 r + 0.2 (1 - false turns). `error` is the root
mean square error over the noise's own, r the correlation of the estimate's increments with the truth's over
five samples, `false turns` the share of samples at which the estimate turns without the truth. 1 is a filter
that knows the truth, which no filter does. The noisy samples as they are get 0.277; the best steady-state
Kalman filters for these very signals, by grid search, 0.428 (level) and 0.457 (level and slope). The problem
(adaptive filtering in real time, several aims in one number) is that of the second ablation of AdaEvolve
(arXiv:2602.20133); the signals, the measure and the scale are our own, so its published 0.718 is no
reference here.
"""

import sys
from pathlib import Path

import numpy as np

SAMPLES, START, STEP = 400, 20, 5
OPTIMUM = 1.0
# A later sample is not to change an estimate: what was filtered up to here is compared.
CUT = 233


def signals():
    """Truth and noisy samples, both (5, 400)."""
    rng = np.random.default_rng(20250801)
    t = np.arange(SAMPLES) / SAMPLES
    jumps = np.repeat(rng.normal(0.0, 1.2, 8), SAMPLES // 8)
    truth = np.stack(
        [
            np.sin(2 * np.pi * 3 * t) + 0.4 * np.sin(2 * np.pi * 7 * t),
            np.sin(2 * np.pi * (1 + 5 * t) * t) * (0.5 + t),
            jumps,
            4.0 * t * (1 - t) + 0.3 * np.sin(2 * np.pi * 9 * t),
            np.cumsum(np.cumsum(rng.normal(0.0, 0.004, SAMPLES))),
        ]
    )
    noise = rng.normal(0.0, 1.0, truth.shape) * np.array([0.3, 0.35, 0.25, 0.2, 0.3])[:, None]
    noise *= np.where(t > 0.6, 1.4, 1.0)
    spikes = rng.random(truth.shape) < 0.02
    return truth, truth + noise + spikes * rng.choice([-2.0, 2.0], truth.shape)


TRUTH, NOISY = signals()
NOISE = np.sqrt(np.mean((NOISY - TRUTH)[:, START:] ** 2, axis=1))


def score(namespace):
    """The mean over the signals.

    Raises:
        ValueError: The shape is another, a value is not finite, or the filter looks ahead.
    """
    of = namespace["run_filter"]
    estimate = np.asarray(of(NOISY.copy()), dtype=float)
    if estimate.shape != NOISY.shape or not np.isfinite(estimate).all():
        raise ValueError(f"estimates {estimate.shape}, or one that is not finite")
    early = np.asarray(of(NOISY[:, :CUT].copy()), dtype=float)
    if early.shape != (len(NOISY), CUT) or not np.allclose(early, estimate[:, :CUT], rtol=1e-9, atol=1e-9):
        raise ValueError("an estimate depends on later samples")
    return float(np.mean(quality(estimate)))


def quality(estimate):
    """Between 0 and 1 for each signal, (5,)."""
    error = np.sqrt(np.mean((estimate - TRUTH)[:, START:] ** 2, axis=1)) / NOISE
    follows = np.array([correlation(*pair) for pair in zip(moved(estimate), moved(TRUTH), strict=True)])
    false = np.mean(turns(estimate) & ~turns(TRUTH), axis=1)
    return 0.6 / (1 + 4 * error) + 0.2 * np.maximum(follows, 0.0) + 0.2 * (1 - false)


def moved(x):
    return (x[:, STEP:] - x[:, :-STEP])[:, START:]


def correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / size) if size > 1e-12 else 0.0


def turns(x):
    slopes = np.diff(x, axis=1)[:, START:]
    return slopes[:, 1:] * slopes[:, :-1] < 0


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))
    from benchmarks.search.evaluator import main

    main(score)
