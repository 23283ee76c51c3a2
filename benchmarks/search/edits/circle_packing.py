"""Layouts, rules for the radii, and refinements."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.slots import Slot, rewritten

LAYOUTS = (
    (
        1.0,
        '''
    """Uniformly random."""
    rng = np.random.default_rng(<draw>)
    low = <0.08>
    return rng.uniform(low, 1.0 - low, (n, 2))
''',
    ),
    (
        1.0,
        '''
    """A sunflower."""
    turn = <2.39996>
    reach = <0.48>
    k = np.arange(n)
    distance = reach * np.sqrt((k + 0.5) / n)
    centers = np.stack([0.5 + distance * np.cos(turn * k), 0.5 + distance * np.sin(turn * k)], axis=1)
    return np.clip(centers, 0.03, 0.97)
''',
    ),
    (
        0.7,
        '''
    """A grid of five by five, and one more."""
    edge = <0.1>
    extra_x = <0.2>
    extra_y = <0.3>
    side = np.linspace(edge, 1.0 - edge, 5)
    centers = np.array([(x, y) for x in side for y in side] + [(extra_x, extra_y)])
    return centers[0:n]
''',
    ),
    (
        0.7,
        '''
    """Rows that are shifted in turn."""
    edge = <0.09>
    shift = <0.09>
    squeeze = <1.0>
    centers = []
    for row, count in enumerate((5, 5, 6, 5, 5)):
        y = 0.5 + (row - 2) * squeeze * (0.5 - edge) / 2.0
        left = edge + shift * (row % 2) * 0.5
        centers += [(x, y) for x in np.linspace(left, 1.0 - left, count)]
    return np.clip(np.array(centers), 0.02, 0.98)
''',
    ),
    (
        0.7,
        '''
    """One in the middle, two rings."""
    inner = <0.22>
    outer = <0.45>
    square = <0.2>
    centers = [(0.5, 0.5)]
    for count, radius in ((8, inner), (17, outer)):
        for k in range(count):
            a = 2.0 * np.pi * k / count
            s = max(abs(np.cos(a)), abs(np.sin(a))) ** -square
            centers.append((0.5 + radius * s * np.cos(a), 0.5 + radius * s * np.sin(a)))
    return np.clip(np.array(centers), 0.03, 0.97)
''',
    ),
    (
        1.0,
        '''
    """Along the diagonal."""
    edge = <0.05>
    t = np.linspace(edge, 1.0 - edge, n)
    return np.stack([t, t], axis=1)
''',
    ),
    (
        1.0,
        '''
    """Two columns."""
    left = <0.25>
    t = np.linspace(0.04, 0.96, n // 2)
    first = np.stack([np.full(n // 2, left), t], axis=1)
    second = np.stack([np.full(n - n // 2, 1.0 - left), t], axis=1)
    return np.concatenate([first, second])
''',
    ),
    (
        1.0,
        '''
    """Dense in one corner."""
    bend = <2.0>
    side = np.linspace(0.05, 0.95, 6) ** bend
    centers = np.array([(x, y) for x in side for y in side])
    return centers[0:n]
''',
    ),
)

DISTANCES = """
    apart = np.hypot(centers[:, None, 0] - centers[None, :, 0], centers[:, None, 1] - centers[None, :, 1])
    gap = apart + 9.0 * np.eye(len(centers))
    border = np.minimum(centers, 1.0 - centers).min(axis=1)
""".strip("\n")

RADII = (
    (
        1.0,
        f'''
    """One size for all."""
{DISTANCES}
    return np.full(len(centers), min(gap.min() / 2.0, border.min())) * 0.999999
''',
    ),
    (
        0.8,
        f'''
    """Half of the nearest distance, then each grows in turn."""
    sweeps = <2>
{DISTANCES}
    radii = np.minimum(gap.min(axis=1) / 2.0, border)
    for _ in range(min(sweeps, 3)):
        for i in range(len(centers)):
            radii[i] = max(min(border[i], (gap[i] - radii).min()), 0.0)
    return radii * 0.999999
''',
    ),
    (
        0.8,
        f'''
    """Grows from a share of the nearest distance, the roomiest first."""
    share = <0.45>
{DISTANCES}
    radii = np.minimum(gap.min(axis=1) * share, border)
    for i in np.argsort(-radii):
        radii[i] = max(min(border[i], (gap[i] - radii).min()), 0.0)
    return radii * 0.999999
''',
    ),
    (
        1.0,
        '''
    """Safe and small."""
    size = <0.02>
    return np.full(len(centers), size)
''',
    ),
    (
        1.0,
        f'''
    """Half of the nearest distance."""
{DISTANCES}
    return np.minimum(gap.min(axis=1) / 2.0, border) * 0.999999
''',
    ),
)

REFINEMENTS = (
    (
        0.7,
        '''
    """Neighbours push each other away."""
    steps = <20>
    rate = <0.02>
    wish = <0.2>
    wall = <0.09>
    for _ in range(min(steps, LIMIT)):
        away = centers[:, None, :] - centers[None, :, :]
        gap = np.sqrt((away ** 2).sum(axis=2)) + np.eye(len(centers))
        push = np.maximum(wish - gap, 0.0) * (1.0 - np.eye(len(centers)))
        centers = centers + rate / wish * (away / gap[:, :, None] * push[:, :, None]).sum(axis=1) * 5.0
        centers = np.clip(centers, wall, 1.0 - wall)
    return centers
''',
    ),
    (
        0.5,
        '''
    """Moves one at a time and keeps what helps."""
    tries = <15>
    size = <0.05>
    rng = np.random.default_rng(<draw>)
    best = float(np.sum(choose_radii(centers)))
    for _ in range(min(tries, LIMIT)):
        moved = centers.copy()
        i = rng.integers(len(centers))
        moved[i] = np.clip(moved[i] + size * rng.standard_normal(2), 0.01, 0.99)
        total = float(np.sum(choose_radii(moved)))
        if total > best:
            centers, best = moved, total
    return centers
''',
    ),
    (
        0.6,
        '''
    """Restarts from jittered copies and keeps the best."""
    tries = <8>
    size = <0.02>
    rng = np.random.default_rng(<draw>)
    best = centers
    for _ in range(min(tries, LIMIT)):
        moved = np.clip(centers + size * rng.standard_normal(centers.shape), 0.01, 0.99)
        if np.sum(choose_radii(moved)) > np.sum(choose_radii(best)):
            best = moved
    return best
''',
    ),
    (
        1.0,
        '''
    """A little noise."""
    size = <0.02>
    rng = np.random.default_rng(<draw>)
    return np.clip(centers + size * rng.standard_normal(centers.shape), 0.02, 0.98)
''',
    ),
    (
        1.0,
        '''
    """Drawn towards the middle."""
    pull = <0.9>
    return 0.5 + pull * (centers - 0.5)
''',
    ),
    (
        1.0,
        '''
    """Stretched to the walls."""
    wall = <0.08>
    low, high = centers.min(axis=0), centers.max(axis=0)
    return wall + (centers - low) / (high - low + 1e-9) * (1.0 - 2.0 * wall)
''',
    ),
    (
        1.0,
        '''
    """Made symmetric."""
    share = <0.5>
    return (1.0 - share) * centers + share * np.stack([centers[:, 0], 1.0 - centers[::-1, 1]], axis=1)
''',
    ),
)

SLOTS = (
    Slot("def place_centers(n):", 0.35, LAYOUTS),
    Slot("def refine(centers):", 0.42, REFINEMENTS, caller="place_centers"),
    Slot("def choose_radii(centers):", 0.23, RADII),
)


def edit(rng: Random, block: str) -> str:
    """A layout, a rule or a refinement anew."""
    return rewritten(rng, block, SLOTS)
