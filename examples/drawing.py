"""What the pictures of the examples are drawn with: SVG in a few words, small and the same every time.

    python -m examples.drawing heilbronn_triangle          # from its best program
    python -m examples.drawing heilbronn_triangle PROGRAM  # from another one, such as results/NAME/best/program.py

writes `picture.svg` of that example; without a name, those of all.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from html import escape
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
# Told apart by all eyes (Okabe and Ito), on white and on black.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a600", "#777777")
BLUE, ORANGE, GREEN = COLORS[:3]
INK, PAPER = "#333333", "#ffffff"

Point = tuple[float, float]


class Drawing:
    """A picture of so many pixels, from the upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def rectangle(self, at: Point, size: Point, fill: str, line: str = "none") -> None:
        self._add("rect", x=at[0], y=at[1], width=size[0], height=size[1], fill=fill, stroke=line)

    def circle(self, at: Point, radius: float, fill: str, line: str = "none", opacity: float = 1) -> None:
        self._add("circle", cx=at[0], cy=at[1], r=radius, fill=fill, stroke=line, fill_opacity=opacity)

    def path(
        self, points: Iterable[Point], line: str, width: float = 1.5, fill: str = "none", *, closed: bool = False
    ) -> None:
        self._add(
            "polygon" if closed else "polyline",
            points=" ".join(f"{_number(x)},{_number(y)}" for x, y in points),
            fill=fill,
            stroke=line,
            stroke_width=width,
            stroke_linejoin="round",
        )

    def text(self, at: Point, words: str, size: int = 13, anchor: str = "start", fill: str = INK) -> None:
        self._add("text", escape(words), x=at[0], y=at[1], font_size=size, text_anchor=anchor, fill=fill)

    def curve(
        self,
        box: tuple[float, float, float, float],
        values: Sequence[Point],
        bounds: Sequence[float],
        line: str,
        width: float = 1.5,
    ) -> None:
        """A curve in a box (x, y, width, height) that shows the values between the bounds (left, right, low, high)."""
        self.path(placed(box, values, bounds), line, width)

    def svg(self) -> str:
        """The picture as a file holds it."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family="sans-serif" role="img">\n<title>{escape(self.title)}</title>\n'
            f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n'
        )
        return head + "\n".join(self.parts) + "\n</svg>\n"

    def _add(self, kind: str, inside: str = "", **attributes: str | float) -> None:
        said = " ".join(
            f'{name.replace("_", "-")}="{value if isinstance(value, str) else _number(value)}"'
            for name, value in attributes.items()
        )
        self.parts.append(f"<{kind} {said}>{inside}</{kind}>" if inside else f"<{kind} {said}/>")


def placed(box: tuple[float, float, float, float], values: Sequence[Point], bounds: Sequence[float]) -> list[Point]:
    """Values between the bounds (left, right, low, high) as points in a box (x, y, width, height)."""
    x, y, width, height = box
    left, right, low, high = bounds
    return [
        (x + (a - left) / (right - left) * width, y + height - (b - low) / (high - low) * height) for a, b in values
    ]


def module_from(path: Path) -> ModuleType:
    """A Python file as a module: a program's, or an evaluator's."""
    spec = importlib.util.spec_from_file_location(f"example_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best_of(example: str) -> Path:
    """The best program that was found for an example, a file or a folder."""
    (found,) = (FOLDER / example).glob("best*")
    return found


def named(names: Sequence[str]) -> list[str]:
    """The examples of these names, or all.

    Raises:
        SystemExit: One of them is none, told with the nearest that there is.
    """
    known = sorted(path.parent.name for path in FOLDER.glob("*/evaluate.py"))
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise SystemExit(f"error: {name!r} is no example; {advice}")
    return list(names) or known


def draw(example: str, program: Path) -> str:
    """The picture of a program of that example."""
    picture = module_from(FOLDER / example / "picture.py")
    return picture.draw(module_from(FOLDER / example / "evaluate.py"), program).svg()


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def main(arguments: Sequence[str]) -> None:
    """Draws the examples that are named, or all."""
    for name in named(arguments[:1]):
        program = Path(arguments[1]) if len(arguments) > 1 else best_of(name)
        (FOLDER / name / "picture.svg").write_text(draw(name, program), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
