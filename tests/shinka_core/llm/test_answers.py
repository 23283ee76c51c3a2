"""What comes back from an endpoint, in all the forms there are, is one answer."""

from __future__ import annotations

import pytest

from shinka_core.generation import apply_answer
from shinka_core.program import Answer, Failure, PatchType, Program, Sampling

PARENT = "# EVOLVE-BLOCK-START\na = 1\nb = 2\n# EVOLVE-BLOCK-END\n"
HALF = "<<<<<<< SEARCH\na = 1\n=======\na = 3\n>>>>>>> REPLACE\nNext, use it:\n"


@pytest.mark.parametrize(("cut", "words"), [("length", "longest length"), ("content_filter", "content filter")])
def test_an_answer_that_the_provider_cut_is_no_change_however_whole_its_edits_look(cut: str, words: str) -> None:
    parent = Program("id", 0, PARENT, "python", island=0, score=1.0, correct=True)
    sampling = Sampling(parent, (), 0, PatchType.DIFF, "m", attempt=0, seed=1)
    assert not isinstance(apply_answer(sampling, Answer(HALF, "m")), Failure)
    failure = apply_answer(sampling, Answer(HALF, "m", cut=cut))
    assert isinstance(failure, Failure)
    assert (failure.step, failure.reason) == ("patch", "truncated_answer")
    assert words in failure.detail
