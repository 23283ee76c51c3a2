"""The library of edits, a file for each task: blind, and mostly useless or harmful.

A number in angle brackets is a constant of an edit: the plain value half of the time, so that ideas repeat
exactly, else within about a third of it. `<draw>` is a whole number below 21, for the seeds of generators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from benchmarks.search.edits import bin_packing, circle_packing, funnel, heilbronn, rugged, signal, transactions

EDITS: Mapping[str, Callable[[Random, str], str]] = {
    "circle_packing": circle_packing.edit,
    "heilbronn": heilbronn.edit,
    "rugged": rugged.edit,
    "bin_packing": bin_packing.edit,
    "signal": signal.edit,
    "transactions": transactions.edit,
    "funnel": funnel.edit,
}
