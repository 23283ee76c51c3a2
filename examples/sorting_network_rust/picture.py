"""Draws a network: channels from left to right, comparators between them."""

from examples.drawing import BLUE, INK, Drawing


def draw(evaluator, program):
    network = evaluator.network_of(evaluator.printed(program))
    assert not len(evaluator.unsorted(network))
    columns = []  # of a layer: comparators that do not cross another one
    for layer in range(1, max(evaluator.layers(network)) + 1):
        rows = [pair for pair, of in zip(network, evaluator.layers(network), strict=True) if of == layer]
        lanes = []
        for i, j in sorted(rows):
            lane = next((lane for lane in lanes if lane[-1][1] < i), None)
            if lane is None:
                lanes.append([(i, j)])
            else:
                lane.append((i, j))
        columns.append(lanes)
    places = sum(map(len, columns)) + len(columns)
    step = 440 / places
    picture = Drawing(480, 300, f"A sorting network of {len(network)} comparators")
    for channel in range(evaluator.N):
        picture.path([(10, 16 + 22 * channel), (470, 16 + 22 * channel)], INK, 0.8)
    x = 20.0
    for lanes in columns:
        for lane in lanes:
            x += step
            for i, j in lane:
                picture.path([(x, 16 + 22 * i), (x, 16 + 22 * j)], BLUE, 1.5)
                picture.circle((x, 16 + 22 * i), 3, BLUE)
                picture.circle((x, 16 + 22 * j), 3, BLUE)
        x += step
    picture.text((240, 292), f"{len(network)} comparators in {len(columns)} layers; 39 is the least", anchor="middle")
    return picture
