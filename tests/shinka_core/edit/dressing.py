"""Parents and answers that tests of several kinds share."""

from __future__ import annotations

import pytest

from shinka_core.edit import apply_patch
from shinka_core.errors import PatchError
from shinka_core.source import Source

AREA = """\
import math

# EVOLVE-BLOCK-START
def area(r):
    factor = 3.0
    return factor * r * r
# EVOLVE-BLOCK-END


def main(seed):
    return area(1.0)
"""
BETTER = AREA.replace("3.0", "math.pi")
OLD, NEW = "    factor = 3.0", "    factor = math.pi"
HEADING = "<NAME>use_pi</NAME>\n<DESCRIPTION>Take pi for the factor.</DESCRIPTION>\n"
PROMPT = """\
You solve word problems.

Answer in this form:

```json
{"answer": 0}
```

Never explain.
Never guess.
"""


def block(search: str, replace: str, marks: str = "<<<<<<< SEARCH|=======|>>>>>>> REPLACE") -> str:
    """One SEARCH/REPLACE block."""
    opening, divider, closing = marks.split("|")
    return f"{opening}\n{search}\n{divider}\n{replace}\n{closing}\n"


def fence(program: str, info: str = "python", marks: str = "```") -> str:
    """One fenced block."""
    return f"{marks}{info}\n{program}{marks}\n"


def applied(answer: str, parent: str = AREA, patch_type: str = "diff", language: str = "python") -> str:
    """The code of the candidate."""
    return apply_patch(patch_type, answer, Source.of(parent, language)).code


def refused(answer: str, parent: str = AREA, patch_type: str = "diff", language: str = "python") -> PatchError:
    """The refusal."""
    with pytest.raises(PatchError) as caught:
        apply_patch(patch_type, answer, Source.of(parent, language))
    return caught.value
