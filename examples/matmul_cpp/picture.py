"""Draws the times of the seed program, of the best one and of numpy, measured when it is drawn."""

import tempfile
import time

import numpy as np

from examples.drawing import BLUE, COLORS, INK, ORANGE, Drawing


def draw(evaluator, program):
    with tempfile.TemporaryDirectory() as folder:
        seed, best = evaluator.raced(evaluator.compiled({"seed": evaluator.SEED, "best": program}, folder), 15).min(
            axis=1
        )
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, evaluator.N, evaluator.N)).astype(np.float32)
    library = []
    for _ in range(15):
        begun = time.perf_counter()
        a @ b
        library.append(time.perf_counter() - begun)
    picture = Drawing(480, 190, "Milliseconds for a product of two matrices")
    for row, (name, seconds, color) in enumerate(
        (("seed", seed, ORANGE), ("best", best, BLUE), ("numpy", min(library), COLORS[7]))
    ):
        top, width = 30 + 45 * row, 320 * seconds / seed
        picture.text((10, top + 19), name)
        picture.rectangle((125, top), (max(width, 1.5), 28), color)
        inside = width > 250
        picture.text(
            (125 + width + (-6 if inside else 6), top + 19),
            f"{1000 * seconds:.2f} ms",
            13,
            "end" if inside else "start",
            "#ffffff" if inside else INK,
        )
    picture.text(
        (10, 180),
        f"{evaluator.N} x {evaluator.N} floats, one core, best of 15; the upper two with sending and receiving",
        11,
    )
    return picture
