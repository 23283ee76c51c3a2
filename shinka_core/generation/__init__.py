"""The steps of one generation, each done once.

    sample → query → patch → judge → submit → evaluate → record
                                     └── stages, repeats ──┘

A step first looks whether the journal already holds its outcome (the run was killed and
resumed); only otherwise does it act, and it writes the outcome before handing it on. So any
prefix of the steps can be repeated at any time, and nothing is paid for or evaluated twice.
"""

from shinka_core.generation.asking import query, repair
from shinka_core.generation.course import Course
from shinka_core.generation.duplicates import reuse
from shinka_core.generation.evaluating import evaluate
from shinka_core.generation.judging import judge
from shinka_core.generation.patching import apply_answer, patch
from shinka_core.generation.proposing import TrialBench, propose
from shinka_core.generation.recording import record
from shinka_core.generation.repairing import is_repairable, set_unrepaired_aside
from shinka_core.generation.reviewing import as_reviewed, is_held, is_reviewed, review, set_reviewed_aside
from shinka_core.generation.sampling import sample
from shinka_core.generation.seed import embed_seed, given_candidate, seed_candidate, trusted_result
from shinka_core.generation.submitting import submit
from shinka_core.generation.under_way import OpenGeneration, end_before, give_up, open_generation

__all__ = [
    "Course",
    "OpenGeneration",
    "TrialBench",
    "apply_answer",
    "as_reviewed",
    "embed_seed",
    "end_before",
    "evaluate",
    "give_up",
    "given_candidate",
    "is_held",
    "is_repairable",
    "is_reviewed",
    "judge",
    "open_generation",
    "patch",
    "propose",
    "query",
    "record",
    "repair",
    "reuse",
    "review",
    "sample",
    "seed_candidate",
    "set_reviewed_aside",
    "set_unrepaired_aside",
    "submit",
    "trusted_result",
]
