"""Draws a signal as it arrives, without noise, and filtered."""

from examples.drawing import BLUE, COLORS, INK, Drawing


def draw(evaluator, path):
    truth, noisy = evaluator.signals(evaluator.SEEN, 11)
    program = evaluator.Program(str(path))
    picture = Drawing(480, 330, "Noisy signals, and what a filter makes of them")
    try:
        for row, name in enumerate(("waves", "chirp", "stairs")):
            estimate = program.filtered(noisy[row])
            box, top = (10, 24 + 105 * row, 460, 76), 18 + 105 * row
            bounds = (0, evaluator.SAMPLES, noisy[row].min(), noisy[row].max())
            for values, color, width in ((noisy[row], "#bbbbbb", 0.8), (truth[row], INK, 1), (estimate, BLUE, 1.6)):
                picture.curve(box, list(enumerate(values)), bounds, color, width)
            picture.text((10, top), f"{name}: {evaluator.gain(truth[row], noisy[row], estimate):.2f} dB less error", 12)
    finally:
        program.close()
    picture.text((470, 326), "grey: as it arrives; black: without noise; blue: filtered", 11, "end", COLORS[7])
    return picture
