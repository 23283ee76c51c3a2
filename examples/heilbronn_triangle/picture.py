"""Draws the points, and the triangles that are smallest."""

from examples.drawing import BLUE, INK, ORANGE, Drawing, module_from


def draw(evaluator, program):
    points = evaluator.points_of(module_from(program).run_points())
    found = sorted(evaluator.areas(points))
    least = float(found[0][0])
    picture = Drawing(360, 352, f"Eleven points in a triangle, smallest area {least:.5f}")

    def place(u, v):
        """In a triangle with three equal sides."""
        return 10 + 340 * (float(u) + float(v) / 2), 312 - 294.4 * float(v)

    picture.path([place(0, 0), place(1, 0), place(0, 1)], INK, closed=True)
    for area, triple in found[:8]:
        if float(area) < 1.02 * least:
            picture.path([place(*points[k]) for k in triple], ORANGE, 0.8, "#e69f0040", closed=True)
    for point in points:
        picture.circle(place(*point), 4.5, BLUE)
    picture.text((180, 340), f"smallest area {least:.5f} of the triangle", anchor="middle")
    return picture
