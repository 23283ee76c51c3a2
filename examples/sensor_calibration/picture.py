"""Draws the true temperatures, and what the seed program and the best one make of the readings."""

import json
import subprocess
import sys

from examples.drawing import BLUE, COLORS, INK, ORANGE, Drawing

# The modules of both programs have the same names, so each has a process of its own.
ASK = "import json, sys; sys.path.insert(0, sys.argv[1]); import main; print(json.dumps(main.estimate()))"


def draw(evaluator, program):
    picture = Drawing(480, 260, "Temperatures from the voltages of a sensor")
    truth = evaluator.truth()
    for name, folder, color in (("seed", program.with_name("initial"), ORANGE), ("best", program, BLUE)):
        done = subprocess.run([sys.executable, "-c", ASK, str(folder)], capture_output=True, text=True, check=True)
        values = json.loads(done.stdout)
        error = evaluator.aggregate([values])["public"]["mean_error"]
        picture.curve((10, 10, 460, 210), list(enumerate(values)), (0, 400, 0, 44), color, 1)
        picture.text((10 if name == "seed" else 240, 250), f"{name}: {error:.2f} degrees off", 12, fill=color)
    picture.curve((10, 10, 460, 210), list(enumerate(truth)), (0, 400, 0, 44), INK, 1.5)
    picture.text((470, 236), "black: true temperatures", 11, "end", COLORS[7])
    return picture
