"""What to try: one suggestion per proposal, so that equal parents get unequal children."""

from __future__ import annotations

from shinka_core.program import PatchType

MOVES: dict[PatchType, tuple[str, ...]] = {
    PatchType.DIFF: (
        "Find the step that costs the most score and improve that step alone.",
        "Look for a constant or a threshold that was guessed, and replace it by one you can justify or compute.",
        "Add a refinement that runs after the current solution is built and can only improve it.",
        "Look at the feedback and metrics: repair the weakest case without harming the others.",
        "Remove something that does not earn its place, and use the effort saved where it counts.",
    ),
    PatchType.FULL: (
        "Choose an algorithm of a different family than the current one, and implement it well.",
        "Keep the idea but build it anew with a better data structure or formulation.",
        "Think of what the best known methods for this kind of problem do, and bring one of them here.",
        "Combine a good starting point with a local search that accepts only improvements.",
    ),
    PatchType.CROSS: (
        "Name to yourself the strongest idea of each program, then write one program that has them all.",
        "Use one program's construction and another's refinement.",
    ),
    PatchType.FIX: ("Find out from the error why the program was rejected, and repair the cause.",),
}


def suggest(patch_type: PatchType, seed: int) -> str:
    """The suggestion for a proposal; the same for the same seed."""
    moves = MOVES[patch_type]
    return moves[seed % len(moves)]
