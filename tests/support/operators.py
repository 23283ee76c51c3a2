"""Operators from outside the package: one that needs a single file, and one that evaluates on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shinka_core.operators import Bench
from shinka_core.program import Candidate, Failure, Sampling
from shinka_core.source import Source


@dataclass(frozen=True)
class Halve:
    """Halves the first number of the block; needs neither a model nor evaluations."""

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        code = scaled(sampling.parent.code, 0.5 ** (bench.turn + 1))
        return Candidate(Source.of(code, sampling.parent.language), "halve", "Halves a number.", "")


@dataclass(frozen=True)
class Climb:
    """Tries a few factors for the first number of the block and takes the best."""

    steps: int = 3

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        rng, best, top = bench.rng(), None, float("-inf")
        for trial in range(min(self.steps, bench.left)):
            code = scaled(sampling.parent.code, float(rng.uniform(0.5, 2.0)))
            evaluation = await bench.evaluate(Source.of(code, sampling.parent.language), trial)
            if evaluation.correct and evaluation.score is not None and evaluation.score > top:
                best, top = code, evaluation.score
        if best is None:
            return Failure("propose", "nothing_better", "no trial gave a correct program")
        return Candidate(Source.of(best, sampling.parent.language), "climb", "Takes the best of a few numbers.", "")


def scaled(code: str, factor: float) -> str:
    """The program with its first decimal number multiplied."""
    return re.sub(r"\d+\.\d+", lambda found: repr(float(found.group()) * factor), code, count=1)
