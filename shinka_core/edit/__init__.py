"""Edits: what may change in a program, and how a model's answer changes it."""

from shinka_core.edit.apply import apply_patch
from shinka_core.edit.blocks import check_seed_program
from shinka_core.edit.compose import compose_diff, compose_full
from shinka_core.edit.languages import language_of
from shinka_core.edit.rules import Rules

__all__ = ["Rules", "apply_patch", "check_seed_program", "compose_diff", "compose_full", "language_of"]
