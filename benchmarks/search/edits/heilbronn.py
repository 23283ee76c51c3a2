"""Layouts of points, ways to keep them inside, and refinements."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.slots import Slot, rewritten

LAYOUTS = (
    (
        1.0,
        '''
    """Uniformly random."""
    rng = np.random.default_rng(<draw>)
    edge = <0.03>
    return edge + (1.0 - 3.0 * edge) * rng.dirichlet(np.ones(3), n)[:, 0:2]
''',
    ),
    (
        0.8,
        '''
    """Two on a curve near each side and the rest around the middle."""
    near = <0.22>
    far = <0.78>
    lift = <0.04>
    ring = <0.19>
    turn = <0.9>
    points = [(near, lift), (far - lift, lift), (lift, near), (lift, far - lift), (near, far), (far, near)]
    for k in range(n - 6):
        angle = turn + 2.0 * np.pi * k / (n - 6)
        points.append((0.3333 + ring * np.cos(angle), 0.3333 + ring * np.sin(angle)))
    return np.array(points)
''',
    ),
    (
        0.8,
        '''
    """Written out."""
    a = (<0.03>, <0.30>)
    b = (<0.08>, <0.86>)
    c = (<0.14>, <0.02>)
    d = (<0.22>, <0.46>)
    e = (<0.30>, <0.66>)
    f = (<0.33>, <0.14>)
    g = (<0.47>, <0.31>)
    h = (<0.55>, <0.02>)
    i = (<0.62>, <0.37>)
    j = (<0.72>, <0.16>)
    k = (<0.93>, <0.04>)
    return np.array([a, b, c, d, e, f, g, h, i, j, k])
''',
    ),
    (
        0.7,
        '''
    """Three alike around the centroid, in rings, and two more."""
    first = <0.12>
    second = <0.42>
    third = <0.55>
    slant = <0.1>
    points = [(0.34, 0.31), (0.05, 0.03)]
    for ring, lean in ((first, 0.0), (second, slant), (third, -slant)):
        corner = (0.3333 + 0.6667 * ring, 0.3333 - 0.3333 * ring + lean * ring)
        points += [corner, (corner[1], 1.0 - corner[0] - corner[1]), (1.0 - corner[0] - corner[1], corner[0])]
    return np.array(points)
''',
    ),
    (
        1.0,
        '''
    """Rows from one corner on."""
    edge = <0.05>
    points = []
    for row, count in enumerate((1, 2, 3, 5)):
        across = np.linspace(edge, 1.0 - edge, count + 2)[1:-1]
        points += [(x * (row + 1) / 4.0, (1.0 - x) * (row + 1) / 4.0 * (1.0 - edge)) for x in across]
    return np.array(points)
''',
    ),
    (
        1.0,
        '''
    """On a parabola."""
    bend = <0.7>
    t = np.linspace(0.02, 0.98, n)
    return np.stack([t ** 2 * bend, (1.0 - t) ** 2 * bend], axis=1)
''',
    ),
    (
        1.0,
        '''
    """A sunflower."""
    turn = <2.39996>
    reach = <0.33>
    k = np.arange(n)
    distance = reach * np.sqrt((k + 0.5) / n)
    return 0.3333 + np.stack([distance * np.cos(turn * k), distance * np.sin(turn * k)], axis=1)
''',
    ),
    (
        1.0,
        '''
    """Along the long side."""
    lift = <0.02>
    t = np.linspace(0.05, 0.95, n)
    return np.stack([t - lift * t ** 2, 1.0 - t - lift], axis=1)
''',
    ),
)

FITS = (
    (
        1.0,
        '''
    """Drawn towards the centroid until all are inside."""
    middle = <0.3333>
    away = points - middle
    reach = max(float(np.max(-points)), float(np.max(points.sum(axis=1) - 1.0)), 0.0)
    return middle + away / (1.0 + 3.5 * reach)
''',
    ),
    (
        0.8,
        '''
    """Folded back at the sides."""
    inside = np.clip(np.abs(points), 0.0, 1.0)
    over = inside.sum(axis=1) > 1.0
    inside[over] = 1.0 - inside[over][:, ::-1]
    return np.clip(inside, 0.0, 1.0)
''',
    ),
    (
        0.8,
        '''
    """Kept off the border."""
    edge = <0.01>
    inside = np.clip(points, edge, 1.0)
    total = inside.sum(axis=1)
    over = total > 1.0 - edge
    inside[over] *= (1.0 - edge) / total[over, None]
    return inside
''',
    ),
    (
        1.0,
        '''
    """As they are."""
    return points
''',
    ),
)

REFINEMENTS = (
    (
        0.5,
        '''
    """Moves one at a time and keeps what helps."""
    tries = <30>
    size = <0.05>
    rng = np.random.default_rng(<draw>)
    best = smallest_area(points)
    for _ in range(min(tries, LIMIT)):
        moved = points.copy()
        k = rng.integers(len(points))
        moved[k] = moved[k] + size * rng.standard_normal(2)
        moved = fit(moved)
        area = smallest_area(moved)
        if area > best:
            points, best = moved, area
    return points
''',
    ),
    (
        0.6,
        '''
    """Moves all a little and keeps what helps, by ever smaller steps."""
    tries = <20>
    size = <0.02>
    fade = <0.95>
    rng = np.random.default_rng(<draw>)
    best = smallest_area(points)
    for _ in range(min(tries, LIMIT)):
        moved = fit(points + size * rng.standard_normal(points.shape))
        area = smallest_area(moved)
        if area > best:
            points, best = moved, area
        size *= fade
    return points
''',
    ),
    (
        0.7,
        '''
    """Neighbours push each other away."""
    steps = <10>
    wish = <0.25>
    rate = <0.05>
    for _ in range(min(steps, LIMIT)):
        away = points[:, None, :] - points[None, :, :]
        gap = np.sqrt((away ** 2).sum(axis=2)) + np.eye(len(points))
        push = np.maximum(wish - gap, 0.0) * (1.0 - np.eye(len(points)))
        points = fit(points + rate * (away / gap[:, :, None] * push[:, :, None]).sum(axis=1))
    return points
''',
    ),
    (
        1.0,
        '''
    """A little noise."""
    size = <0.02>
    rng = np.random.default_rng(<draw>)
    return points + size * rng.standard_normal(points.shape)
''',
    ),
    (
        1.0,
        '''
    """Drawn towards the centroid."""
    pull = <0.95>
    return 0.3333 + pull * (points - 0.3333)
''',
    ),
    (
        1.0,
        '''
    """Stretched."""
    wide = <1.1>
    high = <0.95>
    return 0.3333 + (points - 0.3333) * np.array([wide, high])
''',
    ),
    (
        1.0,
        '''
    """Mirrored in part."""
    share = <0.5>
    return (1.0 - share) * points + share * points[::-1, ::-1]
''',
    ),
    (
        0.8,
        '''
    """Left as they are."""
    return points
''',
    ),
)

SLOTS = (
    Slot("def place(n):", 0.4, LAYOUTS),
    Slot("def fit(points):", 0.2, FITS),
    Slot("def refine(points):", 0.4, REFINEMENTS),
)


def edit(rng: Random, block: str) -> str:
    """A layout, a way to stay inside or a refinement anew."""
    return rewritten(rng, block, SLOTS)
