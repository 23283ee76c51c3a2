"""Draws a packing."""

import numpy as np

from examples.drawing import BLUE, INK, Drawing, module_from


def draw(evaluator, program):
    result = module_from(program).run_packing()
    assert evaluator.validate(result)[0]
    centers, radii = (np.asarray(part) for part in result[:2])
    picture = Drawing(340, 366, f"26 circles in a square, sum of radii {radii.sum():.4f}")
    picture.rectangle((10, 10), (320, 320), "#f4f4f4", INK)
    for (x, y), radius in zip(centers, radii, strict=True):
        picture.circle((10 + 320 * x, 330 - 320 * y), 320 * radius, BLUE, BLUE, 0.45)
    picture.text((170, 354), f"sum of radii {radii.sum():.4f}", anchor="middle")
    return picture
