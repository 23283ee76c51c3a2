"""A program as a person edits it: what it makes of its parent, and what is refused with a reason."""

from __future__ import annotations

import json

import pytest

from shinka_core.database import values
from shinka_core.edit import Rules
from shinka_core.edit.by_hand import apply_by_hand, editable
from shinka_core.errors import PatchError
from shinka_core.program import Candidate, Decision, Review
from shinka_core.source import Source, SourceFile

HEAD, TAIL = "import math\n\n# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-END\n\nprint(math.sqrt(x))\n"
PARENT = Source.of(f"{HEAD}x = 1\n{TAIL}", "python")
MADE = Source.of(f"{HEAD}x = 2\n{TAIL}", "python")
FOLDER = Source.folder(
    [
        SourceFile("curve.py", "# EVOLVE-BLOCK-START\na = 1\n# EVOLVE-BLOCK-END\n", "python"),
        SourceFile("main.py", "import curve\n# EVOLVE-BLOCK-START\nb = 1\n# EVOLVE-BLOCK-END\n", "python"),
        SourceFile("notes.md", "Nothing changes here.\n", "markdown"),
    ]
)


def edited(text: str, parent: Source = PARENT, made: Source = MADE, limit: int = 1000) -> Candidate:
    return apply_by_hand(text, parent, Candidate(made, "name", "about", ""), Rules(limit))


def test_what_stands_between_the_markers_is_taken_as_it_is() -> None:
    made = edited(editable(MADE).replace("x = 2", "x = [\n    3,\n][0]  # by hand"))
    assert made.source.text == f"{HEAD}x = [\n    3,\n][0]  # by hand\n{TAIL}"
    assert (made.name, made.description) == ("name", "about")
    assert "+x = [" in made.diff


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (editable(MADE).replace("import math", "import math, os"), "immutable_region_touched"),
        (editable(MADE).replace("print(math.sqrt(x))\n", ""), "immutable_region_touched"),
        (editable(MADE).replace("# EVOLVE-BLOCK-END\n", ""), "markers_removed"),
        (editable(MADE).replace("x = 2", "x = (2"), "syntax_error"),
        (editable(MADE).replace("x = 2", f"x = {'1' * 2000}"), "program_too_large"),
        (editable(PARENT), "nothing_changed"),
    ],
)
def test_what_no_candidate_may_be_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PatchError) as refused:
        edited(text)
    assert refused.value.reason == reason, refused.value


def test_files_of_a_folder_are_edited_together_or_alone() -> None:
    text = editable(FOLDER)
    assert "notes.md" not in text
    both = edited(text.replace("a = 1", "a = 2").replace("b = 1", "b = 2"), FOLDER, FOLDER).source
    assert ["2" in file.text for file in both.files] == [True, True, False]
    alone = edited("### FILE curve.py\n```python\n# EVOLVE-BLOCK-START\na = 3\n# EVOLVE-BLOCK-END\n```", FOLDER, FOLDER)
    assert [file.text for file in alone.source.files[1:]] == [file.text for file in FOLDER.files[1:]]
    with pytest.raises(PatchError) as refused:
        edited(text.replace("import curve", "import curve, os").replace("b = 1", "b = 2"), FOLDER, FOLDER)
    assert refused.value.reason == "immutable_region_touched"


def test_an_edit_is_kept_in_the_journal() -> None:
    for source in (MADE, FOLDER):
        review = Review(Decision.EDIT, "", source)
        assert values.load_review(json.loads(json.dumps(values.dump_review(review)))) == review
    assert values.load_review(values.dump_review(Review.hint("more"))) == Review.hint("more")
