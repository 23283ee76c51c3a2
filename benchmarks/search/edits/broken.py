"""Code that does not run, as models write it now and then."""

from __future__ import annotations

from random import Random


def broken(rng: Random, block: str) -> str:
    """The block with one line that fails: a name that is not there, a bracket too many, an error raised."""
    lines = block.split("\n")
    usable = [k for k, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(("def", '"""', "for"))]
    k = rng.choice(usable)
    indent = lines[k][: len(lines[k]) - len(lines[k].lstrip())]
    lines[k] = rng.choice(
        [
            f"{indent}undefined_name.step()",
            f"{lines[k]} )",
            f"{indent}raise ValueError('not finished')",
            f"{indent}unknown = 1.0 / 0.0",
        ]
    )
    return "\n".join(lines)
