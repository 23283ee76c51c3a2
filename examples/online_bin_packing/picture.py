"""Draws the bins of the first list, the emptiest to the right."""

from examples.drawing import BLUE, COLORS, INK, ORANGE, Drawing


def draw(evaluator, program):
    initial = str(program.with_name("initial.py"))
    seed, best = (evaluator.packed(path)[0][0] for path in (initial, str(program)))
    picture = Drawing(480, 300, f"500 items in {len(best)} bins")
    for top, name, bins, color in ((30, "seed", seed, ORANGE), (165, "best", best, BLUE)):
        picture.text(
            (10, top - 8),
            f"{name}: {len(bins)} bins; at least {evaluator.bound([item for each in bins for item in each])} are needed",
        )
        width = 460 / len(seed)
        for number, filled in enumerate(sorted(map(sum, bins), reverse=True)):
            picture.rectangle((10 + number * width, top + 100 - filled), (width * 0.85, filled), color)
        picture.path([(10, top), (470, top)], COLORS[7], 0.6)
        picture.path([(10, top + 100), (470, top + 100)], INK, 0.8)
    picture.text((10, 290), "each column is a bin, its height what is in it; sorted", 11)
    return picture
