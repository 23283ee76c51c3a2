"""Draws the tours of the seed program and of the best one through the first set of places."""

import subprocess
import sys

from examples.drawing import BLUE, COLORS, INK, ORANGE, Drawing

# The modules of both programs have the same names, so each has a process of its own.
ASK = "import json, sys; sys.path.insert(0, sys.argv[1]); import main; print(json.dumps(main.run_tour(json.loads(sys.argv[2]))))"


def draw(evaluator, program):
    import json

    places = evaluator.places(0)
    picture = Drawing(500, 276, "Round trips through sixty places")
    for left, name, folder, color in ((10, "seed", program.with_name("initial"), ORANGE), (256, "best", program, BLUE)):
        done = subprocess.run(
            [sys.executable, "-c", ASK, str(folder), json.dumps(places)], capture_output=True, text=True, check=True
        )
        tour = evaluator.tour_of(json.loads(done.stdout))
        points = [(left + 234 * x, 244 - 234 * y) for x, y in places]
        picture.rectangle((left, 10), (234, 234), "#f7f7f7", COLORS[7])
        picture.path([points[number] for number in tour], color, 1.4, closed=True)
        for point in points:
            picture.circle(point, 2.2, INK)
        picture.text((left + 117, 264), f"{name}: length {evaluator.length(places, tour):.3f}", anchor="middle")
    return picture
