"""Literals as coordinates: what a step along one of them is, and how a place on it is written down."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shinka_core.operators.constants import literal_text

# First steps: of a number as a share of it or of its range, and in powers of ten where steps multiply.
FIRST_STEP, FIRST_STEP_OF_RANGE, FIRST_DECADES = 0.15, 0.1, 0.2
# Of a number that is 0, whose scale nobody knows.
SCALE_OF_ZERO = 0.1
# Positive numbers beyond these are scales more often than places: their steps multiply.
SMALL, LARGE = 1e-3, 1e3


@dataclass(frozen=True, slots=True)
class Axis:
    """One literal; places on it are floats.

    Attributes:
        start: The place where the literal is.
        step: How far a first step goes.
        low, high: The places between which it may be.
        log: Places are powers of ten.
        integer: Only whole numbers are written.
        options: Texts, for a literal that is one of a few: places are their numbers.
        text: The literal as it is written.
    """

    start: float
    step: float
    low: float = -math.inf
    high: float = math.inf
    log: bool = False
    integer: bool = False
    options: tuple[str, ...] = ()
    text: str = ""

    def at(self, place: float) -> float:
        """The place nearest to that one that can be written."""
        place = min(max(place, self.low), self.high)
        if not math.isfinite(place):
            return self.start
        if self.options or (self.integer and not self.log):
            return float(round(place))
        return math.log10(max(round(10.0 ** min(place, 300.0)), 1)) if self.integer else place

    def written(self, place: float) -> str:
        """The literal at a place."""
        if self.options:
            return self.options[int(place)]
        if place == self.start:
            return self.text
        value = 10.0 ** min(place, 300.0) if self.log else place
        return literal_text(float(round(value)) if self.integer else value, self.integer, self.text)


def number_axis(value: float, integer: bool, text: str) -> Axis:
    """Of a number of which nothing is known but its size: whole numbers stay whole, and none becomes negative."""
    if value > LARGE or (0 < value < SMALL and not integer):
        return Axis(math.log10(value), FIRST_DECADES, -300.0, 300.0, log=True, integer=integer, text=text)
    step = FIRST_STEP * (abs(value) or SCALE_OF_ZERO)
    if integer:
        return Axis(value, max(step, 1.0), 0.0, integer=True, text=text)
    return Axis(value, step, text=text)


def ranged_axis(value: float, low: float, high: float, log: bool, integer: bool, text: str) -> Axis:
    """Of a number whose range is given."""
    if log:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    step = FIRST_STEP_OF_RANGE * (high - low)
    return Axis(value, max(step, 1.0) if integer and not log else step, low, high, log, integer, text=text)


def choice_axis(text: str, options: tuple[str, ...]) -> Axis:
    """Of one of a few texts."""
    return Axis(float(options.index(text)), 1.0, 0.0, float(len(options) - 1), options=options, text=text)
