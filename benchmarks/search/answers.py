"""What the scripted model says to a prompt: a mutation of the program it finds there, in the form that is asked for."""

from __future__ import annotations

from random import Random

from benchmarks.search import mutation
from benchmarks.search.asked import Asked

MARK = "EVOLVE-BLOCK"
NOTHING = "I looked at it and have no change to offer."
# What is said where words are asked for: directions that say nothing, since the model that follows them reads nothing.
DIRECTIONS = ("other constants", "another order of steps", "another rule", "fewer parts", "more parts", "another start")


def answer(asked: Asked, rng: Random) -> tuple[str, str]:
    """The text of an answer and the kind of change, `unusable` and `words` included."""
    if asked.parent is None or asked.form == "words":
        chosen = rng.sample(DIRECTIONS, 3)
        told = [f"### IDEA {k}: {each}\nTry {each} in the best program." for k, each in enumerate(chosen, 1)]
        return "\n\n".join(told), "words"
    new, kind = mutation.propose(rng, asked.parent, asked.others, asked.crossover)
    edits = asked.form in ("edits", "tagged edits")
    if rng.random() < mutation.P_UNUSABLE:
        if not edits:
            return NOTHING, "unusable"
        return _worded(asked, kind, rng, edit("a_line_that_is_not_there = 1", "x = 1")), "unusable"
    body = edit(*difference(asked.parent, new)) if edits else f"```python\n{new.rstrip()}\n```"
    return _worded(asked, kind, rng, body), kind


def edit(search: str, replacement: str) -> str:
    """A SEARCH/REPLACE block."""
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replacement}\n>>>>>>> REPLACE"


def _worded(asked: Asked, kind: str, rng: Random, body: str) -> str:
    """The answer around a body. Names and descriptions as ShinkaEvolve and we want them; nobody else minds."""
    tag = {"tagged edits": "DIFF", "tagged program": "CODE"}.get(asked.form)
    name = f"{kind.replace(' ', '_')}_{rng.getrandbits(32):08x}"
    content = f"<{tag}>\n{body}\n</{tag}>" if tag else body
    return f"<NAME>\n{name}\n</NAME>\n\n<DESCRIPTION>\nChanges by {kind}.\n</DESCRIPTION>\n\n{content}\n"


def difference(old: str, new: str) -> tuple[str, str]:
    """Lines to search for and lines to put in their place: from the first that differ to the last.

    As many lines around them as it takes for the searched text to occur once, to begin and end with a line that is
    not blank, and to leave something in their place; never a marker.
    """
    a, b = old.split("\n"), new.split("\n")
    head = next((k for k in range(min(len(a), len(b))) if a[k] != b[k]), min(len(a), len(b)))
    most = min(len(a), len(b)) - head
    tail = next((k for k in range(most) if a[-1 - k] != b[-1 - k]), most)
    while True:
        searched, put = a[head : len(a) - tail], b[head : len(b) - tail]
        text = "\n".join(searched)
        if _searchable(searched, put) and old.count(f"{text}\n") == 1:
            break
        above, below = head > 0 and MARK not in a[head - 1], tail > 0 and MARK not in a[len(a) - tail]
        if not above and not below:
            break
        head, tail = head - above, tail - below
    return text, "\n".join(put)


def _searchable(searched: list[str], put: list[str]) -> bool:
    return bool(searched and searched[0].strip() and searched[-1].strip() and put and put[0].strip())
