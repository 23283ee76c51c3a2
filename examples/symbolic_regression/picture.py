"""Draws the points that were shown, the law behind them, and the formula."""

import numpy as np

from examples.drawing import BLUE, COLORS, INK, ORANGE, Drawing, module_from, placed


def draw(evaluator, program):
    points, x = evaluator.known(), evaluator.unknown()
    truth = evaluator.law(x)
    picture = Drawing(480, 330, "Points, the law behind them, and the formula that was found")
    box, bounds = (10, 10, 460, 270), (0, 12, truth.min() - 0.4, truth.max() + 0.4)
    picture.rectangle((10 + 460 * 10 / 12, 10), (460 * 2 / 12, 270), "#f0f0f0")
    for at in placed(box, list(zip(points["x"], points["y"], strict=True)), bounds):
        picture.circle(at, 2.5, ORANGE)
    formula = module_from(program).run_formula(**points)
    found = np.clip(evaluator.value(evaluator.read(formula), x), *bounds[2:])
    picture.curve(box, list(zip(x, truth, strict=True)), bounds, COLORS[7], 3)
    picture.curve(box, list(zip(x, found, strict=True)), bounds, BLUE, 1.5)
    picture.text((10, 300), f"y = {formula}"[:88], 10, fill=BLUE)
    picture.text(
        (10, 320),
        "orange: points that are shown; grey: the law; blue: the formula; shaded: no points",
        10,
        fill=INK,
    )
    return picture
