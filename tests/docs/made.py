"""Documents of which a part is made from the sources, between two marks; `make architecture` makes it anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- made by `make architecture` -->", "<!-- end -->"


@dataclass(frozen=True)
class Made:
    """A document and what makes the part between its marks."""

    path: Path
    text: Callable[[], str]

    def stands(self) -> str:
        """The document as it is."""
        return self.path.read_text(encoding="utf-8")

    def anew(self) -> str:
        """The document as it should be."""
        head, _, rest = self.stands().partition(BEGIN)
        return f"{head}{BEGIN}\n\n{self.text()}\n{END}{rest.partition(END)[2]}"

    def main(self) -> None:
        """Prints the part; with `--write` it is written into the document."""
        if "--write" in sys.argv[1:]:
            self.path.write_text(self.anew(), encoding="utf-8")
        else:
            sys.stdout.write(self.text())
