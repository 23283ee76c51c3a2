"""Variation without a model: constants move, statements are rearranged, parts of the inspirations are mixed in.

It is an operator like any other, and under the name `builtin/mutate` it answers in a model's place: the offline
default and an honest, zero-cost member of any ensemble.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from shinka_core.edit import Rules, apply_patch, compose_diff
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.errors import PatchError
from shinka_core.llm.question import Material
from shinka_core.operators.constants import find_constants, perturb, skeleton, toward, with_values
from shinka_core.operators.protocol import OPERATORS, Bench
from shinka_core.operators.statements import borrow, vary
from shinka_core.program import Candidate, Failure, Sampling
from shinka_core.source import SourceFile
from shinka_core.source_text import plain

Change = tuple[str, str]
ATTEMPTS = 20

# How often each way is taken. Moves along a line between two programs improve about every second
# parent, moves of single constants every fourth, rearranged statements hardly one in twenty.
MIXES, MIXES_WHEN_CROSSING = 0.3, 0.8
REARRANGES = 0.04
BORROWS = 0.1
# Larger programs are worked on in a thread, so as not to hold up the event loop.
SMALL_PROGRAM = 20_000
NOTHING = "no constant and no statement to vary"


@dataclass(frozen=True, slots=True)
class Texts:
    """One file of the program to vary, and the same of the programs to take up from."""

    parent: str
    inspirations: tuple[str, ...]
    language: str


@OPERATORS.register("mutate")
@dataclass(frozen=True, slots=True)
class Mutate:
    """Varies the parent; deterministic in the sampling's seed and the turn."""

    trials: ClassVar[int] = 0

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        """What the variation makes of the parent, or that it holds nothing to vary."""
        parent = sampling.parent
        material = Material(
            parent=parent.source,
            inspirations=tuple(program.source for program in sampling.inspirations),
            patch_type=sampling.patch_type,
        )
        answer = await varied(bench.rng(), material)
        if answer is None:
            return Failure("propose", "nothing_to_vary", NOTHING)
        try:
            return apply_patch("diff", answer, parent.source, rules=Rules(bench.limit))
        except PatchError as error:
            return Failure("propose", error.reason, str(error))


async def varied(rng: np.random.Generator, material: Material) -> str | None:
    """The variation as an answer in the patch format, or None where nothing can be varied."""
    material = in_plain_text(material)
    if material.parent.length < SMALL_PROGRAM:
        change = mutate(rng, material)
    else:
        change = await asyncio.to_thread(mutate, rng, material)
    if change is None:
        return None
    file, code, description = change
    name = "_".join(description.split()[:5])
    return compose_diff(file.text, code, name, description, file.language, file.path)


def in_plain_text(material: Material) -> Material:
    """The programs as parsers and patches see them; the patch puts back what this takes off."""
    parent, *others = (
        source.with_texts(lambda file: plain(file.text)) for source in (material.parent, *material.inspirations)
    )
    return replace(material, parent=parent, inspirations=tuple(others))


def mutate(rng: np.random.Generator, material: Material) -> tuple[SourceFile, str, str] | None:
    """A file, its new text and what was done, or None when nothing can be varied; in a folder one file is."""
    files = evolvable_files(material.parent)
    for _ in range(ATTEMPTS):
        file = files[0] if len(files) == 1 else files[int(rng.integers(len(files)))]
        others = (other.find(file.path) for other in material.inspirations)
        texts = Texts(file.text, tuple(other.text for other in others if other is not None), file.language)
        change = _one(rng, texts, material.patch_type)
        if change is not None and change[0] != file.text:
            return file, *change
    return None


def _one(rng: np.random.Generator, material: Texts, patch_type: str) -> Change | None:
    mixes = MIXES_WHEN_CROSSING if patch_type == "cross" else MIXES
    if material.inspirations and rng.random() < mixes:
        return _mix(rng, material)
    if material.language == "python" and rng.random() < REARRANGES:
        return vary(rng, material.parent)
    return _move_constants(rng, material)


def _move_constants(rng: np.random.Generator, material: Texts) -> Change | None:
    constants = find_constants(material.parent, material.language)
    if not constants:
        return vary(rng, material.parent) if material.language == "python" else None
    values = perturb(rng, constants)
    moved = sum(value != constant.value for value, constant in zip(values, constants, strict=True))
    return with_values(material.parent, constants, values), f"moves {moved} of {len(constants)} constants"


def _mix(rng: np.random.Generator, material: Texts) -> Change | None:
    """Takes up what an inspiration does differently: its constants, or one of its statements."""
    donor = material.inspirations[int(rng.integers(len(material.inspirations)))]
    constants = find_constants(material.parent, material.language)
    try:
        others = find_constants(donor, material.language)
    except SyntaxError:
        return None
    if constants and skeleton(material.parent, constants) == skeleton(donor, others):
        values = toward(rng, constants, others)
        return with_values(material.parent, constants, values), "moves constants along a line to another program"
    if material.language == "python" and rng.random() < BORROWS:
        return borrow(rng, material.parent, donor)
    return _move_constants(rng, material)
