"""A scripted model for the circle packing example: it has ideas, and writes the programs that they ask for.

What it knows of packing stands here and nowhere in the product. So a run with it shows that an idea gets from the
question to a program and back, and nothing of what a real model would think of.

    python -m tests.support.packing_ideas

serves it, and prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys

from tests.support.model_replies import BLOCK, current, patch_for
from tests.support.model_server import ModelServer, Script

ADVISER = "You advise a search"
DIRECTION = "# The direction to follow\n"

WAYS = {
    "Rows in place of a spiral": """\
A spiral wastes the corners. Lay the centers out in six rows that are shifted against each other, so that they fill
the square evenly.""",
    "All sizes at once": """\
Sizes are chosen one after the other, so early circles take what others need more. For fixed centers the best sizes
are the answer to one problem with linear bounds: solve it as a whole.""",
    "Let centers and sizes move together": """\
Neither is best alone. Begin with a layout and let centers and sizes change at the same time, growth against overlap,
the overlap weighing more and more.""",
    "Several beginnings": """\
One beginning leads to one packing. Begin from several shaken layouts and keep the packing with the largest sum.""",
}

ROWS = '''\
def place_centers(n):
    """Six rows, shifted against each other."""
    counts = [5, 4, 5, 4, 5, 3]
    rows = [((j + 0.5) / c, (k + 0.5) / len(counts)) for k, c in enumerate(counts) for j in range(c)]
    return np.array(rows[:n])
'''

SIZES = '''\
def choose_radii(centers):
    """The largest sum for these centers: every bound is linear, so one problem is solved as a whole."""
    n = len(centers)
    i, j = np.triu_indices(n, 1)
    apart = np.hypot(*(centers[i] - centers[j]).T)
    wall = np.minimum(centers, 1.0 - centers).min(axis=1)
    pairs = np.zeros((len(i), n))
    pairs[np.arange(len(i)), i] = pairs[np.arange(len(i)), j] = 1.0
    bounds = np.vstack([pairs, np.eye(n), -np.eye(n)])
    limits = np.concatenate([apart, wall, np.zeros(n)])
    radii = np.full(n, 0.45 * min(apart.min(), wall.min()))
    weight = 10.0
    while weight < 1e11:
        for _ in range(30):
            slack = limits - bounds @ radii
            slope = bounds.T @ (1.0 / slack) - weight
            step = -np.linalg.solve(bounds.T @ (bounds / (slack**2)[:, None]), slope)
            gain = -slope @ step
            value = -weight * radii.sum() - np.log(slack).sum()
            length = 1.0
            while length > 1e-12:
                left = limits - bounds @ (radii + length * step)
                if left.min() > 0 and -weight * (radii + length * step).sum() - np.log(left).sum() <= value - 0.1 * length * gain:
                    break
                length *= 0.5
            if gain < 1e-8 or length <= 1e-12:
                break
            radii = radii + length * step
        weight *= 10.0
    return np.maximum(radii * (1.0 - 1e-9) - 1e-12, 0.0)
'''

TOGETHER = '''\
def place_centers(n):
    """Centers and sizes move together, growth against overlap."""
    counts = [5, 4, 5, 4, 5, 3]
    rows = [((j + 0.5) / c, (k + 0.5) / len(counts)) for k, c in enumerate(counts) for j in range(c)]
    shake = np.random.default_rng(0).standard_normal((n, 2))
    return moved(np.array(rows[:n]) + 0.03 * shake)


def moved(centers):
    """Where the centers come to."""
    n, steps = len(centers), 1500
    i, j = np.triu_indices(n, 1)
    at = np.concatenate([np.clip(centers, 0.02, 0.98).ravel(), np.full(n, 0.06)])
    mean, square = np.zeros_like(at), np.zeros_like(at)
    for t in range(1, steps + 1):
        p, r = at[: 2 * n].reshape(n, 2), at[2 * n :]
        weight = 2.0 * 10.0 ** (3.0 * t / steps)
        way = p[i] - p[j]
        apart = np.sqrt((way**2).sum(axis=1)) + 1e-12
        force = 2.0 * weight * np.maximum(r[i] + r[j] - apart, 0.0)
        pull, grow = np.zeros((n, 2)), -np.ones(n)
        push = way / apart[:, None] * force[:, None]
        np.add.at(pull, i, -push)
        np.add.at(pull, j, push)
        np.add.at(grow, i, force)
        np.add.at(grow, j, force)
        for a in range(2):
            low, high = np.maximum(r - p[:, a], 0.0), np.maximum(p[:, a] + r - 1.0, 0.0)
            pull[:, a] += 2.0 * weight * (high - low)
            grow += 2.0 * weight * (high + low)
        slope = np.concatenate([pull.ravel(), grow])
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        rate = 0.01 * (1.0 - t / steps) + 1e-5
        at = at - rate * (mean / (1.0 - 0.9**t)) / (np.sqrt(square / (1.0 - 0.999**t)) + 1e-9)
    return np.clip(at[: 2 * n].reshape(n, 2), 1e-3, 1.0 - 1e-3)
'''

SEVERAL = TOGETHER.replace("Centers and sizes move", "From several beginnings, centers and sizes move").replace(
    """    shake = np.random.default_rng(0).standard_normal((n, 2))
    return moved(np.array(rows[:n]) + 0.03 * shake)
""",
    """    best, most = None, -1.0
    for beginning in range(6):
        shake = np.random.default_rng(beginning).standard_normal((n, 2))
        centers = moved(np.array(rows[:n]) + 0.03 * shake)
        total = choose_radii(centers).sum()
        if total > most:
            best, most = centers, total
    return best
""",
)

# What each direction comes to: the function that is written anew, and its text.
PROGRAMS = {
    "Rows in place of a spiral": ("place_centers", ROWS),
    "All sizes at once": ("choose_radii", SIZES),
    "Let centers and sizes move together": ("place_centers", TOGETHER),
    "Several beginnings": ("place_centers", SEVERAL),
}


def answer(messages: list[dict[str, str]], number: int) -> str:
    """Ideas, the program of an idea, or one with another number in it."""
    system, user = messages[0]["content"], messages[1]["content"]
    if system.startswith(ADVISER):
        return _ideas(user)
    title = user.partition(DIRECTION)[2].partition("\n")[0]
    if title not in PROGRAMS:
        return patch_for(messages, number)
    return _written(title, system, current(user))


def _ideas(shown: str) -> str:
    """Up to three directions that the best program does not take yet: those behind what it has done."""
    done = [title for title, (_, text) in PROGRAMS.items() if text.splitlines()[1] in shown]
    places = [title for title, (name, _) in PROGRAMS.items() if name == "place_centers"]
    behind = places[: max((places.index(title) for title in done if title in places), default=-1) + 1]
    rest = [title for title in WAYS if title not in (*done, *behind)]
    if not rest:
        return "There is nothing left that I would try."
    return "\n\n".join(f"### IDEA {number}: {title}\n{WAYS[title]}" for number, title in enumerate(rest[:3], 1))


def _written(title: str, system: str, shown: str) -> str:
    """The answer that carries a direction out, in the form that is asked for."""
    name, text = PROGRAMS[title]
    block = BLOCK.search(shown)
    assert block is not None
    old = function(block.group(1), name)
    head = f"<NAME>{'_'.join(title.lower().split()[:5])}</NAME>\n<DESCRIPTION>{title}.</DESCRIPTION>\n"
    if "SEARCH/REPLACE" in system:
        return f"{head}<<<<<<< SEARCH\n{old}\n=======\n{text.rstrip()}\n>>>>>>> REPLACE\n"
    program = re.search(r"```python\n(.*?)\n```", shown, re.DOTALL)
    assert program is not None
    return f"{head}```python\n{program.group(1).replace(old, text.rstrip())}\n```\n"


def function(block: str, name: str) -> str:
    """The text of a function and of what it brought along, up to the next one of the program's own."""
    lines = block.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"def {name}("))
    ends = (
        number
        for number, line in enumerate(lines)
        if number > start and line.startswith("def ") and "moved(" not in line
    )
    return "\n".join(lines[start : next(ends, len(lines))]).rstrip()


async def _serve(port: int) -> None:
    server = ModelServer(Script(answer=answer))
    await server.start(port)
    print(server.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
