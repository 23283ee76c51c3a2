"""How an answer has to look, for each form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shinka_core.edit.fences import fence_for
from shinka_core.edit.search_replace import USUAL_LENGTH, marks_for

HEADING = """\
<NAME>three_to_five_words_in_snake_case</NAME>
<DESCRIPTION>In a few sentences: what you change, and why it should score higher.</DESCRIPTION>"""

EXAMPLE_PARENT = """\
# EVOLVE-BLOCK-START
def speed(load):
    base = 10
    return base - load
# EVOLVE-BLOCK-END
"""

EXAMPLE_DIFF = """\
<NAME>saturating_speed</NAME>
<DESCRIPTION>A linear loss goes below zero for heavy loads; a ratio stays positive.</DESCRIPTION>
<<<<<<< SEARCH
    base = 10
    return base - load
=======
    base = 12
    return base / (1 + load)
>>>>>>> REPLACE
"""

DIFF = f"""\
Change the program with SEARCH/REPLACE blocks. Answer in exactly this form:

{HEADING}
<<<<<<< SEARCH
lines of the current program, copied character by character
=======
the lines to put in their place
>>>>>>> REPLACE

Rules:
- A SEARCH text is made of whole lines that stand together in the program, indentation included, and it occurs once.
- Use as many blocks as the idea needs; they are applied one after another.
- To add code, search for a line beside the place and repeat it in the replacement.
- Never touch code outside the EVOLVE-BLOCK, and leave the marker lines out of your blocks.
- Write out every line: no "rest unchanged", no placeholders.

For a program that contains

{EXAMPLE_PARENT}
a correct answer would be

{EXAMPLE_DIFF}"""

FULL = f"""\
Write the whole program anew. Answer in exactly this form:

{HEADING}
{{fence}}{{language}}
the complete program, from its first line to its last
{{fence}}

Rules:
- Keep every line outside the EVOLVE-BLOCK as it is, the two marker lines included.
- Keep the names, arguments and return values that the code outside the block relies on.
- One fenced block, nothing left out: no "rest unchanged", no placeholders."""


EDITS_OF_FILES = """\
The program has several files. Before every block write the line

### FILE path/to/file

with the path of the file as it is listed. One answer may change several files. {may}"""

# What may become of the list of files.
FIXED = "Only listed files can be changed; none can be added, renamed or deleted."
GROWING = """\
None can be renamed or deleted. A source file may be added where that makes the program better: give it a path that is \
not listed, and write the whole of it {how}; the program's files use it as they would any other beside them."""
IN_EDITS = "into the replacement of a block that searches for nothing"
IN_FENCES = "as you write the others"

WHOLE_FILES = f"""\
The program has several files. Write anew those that you change. Answer in exactly this form, the last four lines once \
for each of them:

{HEADING}
### FILE path/to/file
{{fence}}
the complete file, from its first line to its last
{{fence}}

Rules:
- Give the path as it is listed. {{may}}
- Files that you do not write stay as they are.
- Keep every line outside the EVOLVE-BLOCKs as it is, the marker lines included.
- Keep the names, arguments and return values that other code relies on.
- Nothing left out of a file: no "rest unchanged", no placeholders."""


# How many files a program has: one, those of its folder, or those of its folder and more.
Files = Literal["one", "fixed", "growing"]


def answer_format(form: str, *, language: str, parent: str, others: Sequence[str] = (), files: Files = "one") -> str:
    """How to answer, with fences and marks that no line of the programs can be taken for.

    Args:
        form: Edits (`diff`) or a whole program (`full`).
        parent: The program to change; of a folder all that may change.
        others: Programs that a new one may take lines from.
        files: How many files the program has.
    """
    if files == "one":
        return _form(form, language, parent, others)
    edits = form == "diff"
    may = GROWING.format(how=IN_EDITS if edits else IN_FENCES) if files == "growing" else FIXED
    if edits:
        return f"{_form(form, language, parent, others)}\n\n{EDITS_OF_FILES.format(may=may)}"
    return WHOLE_FILES.replace("{may}", may).replace("{fence}", fence_for(parent, *others))


def _form(form: str, language: str, parent: str, others: Sequence[str]) -> str:
    if form != "diff":
        return FULL.replace("{fence}", fence_for(parent, *others)).replace("{language}", language)
    length = max(marks_for(text) for text in (parent, *others))
    if length == USUAL_LENGTH:
        return DIFF
    marked = DIFF
    for mark in "<=>":
        marked = marked.replace(mark * USUAL_LENGTH, mark * length)
    return f"{marked}\nThe marks have {length} signs here, since lines of the program look like shorter ones."
