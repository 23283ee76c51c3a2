"""Scores a formula for measured points by its error where nothing was shown, less a little for its length.

The program gets 60 noisy points with x from 0 to 10 and returns a formula as text. That text is read here, and nothing
of the program runs any more when it is applied to 240 other points without noise, with x from 0 to 12.

    score = (1 - 0.003 n) / (1 + 5 e)

n: numbers, variables, operators and functions of the formula; e: root mean square error over the law's own spread.
"""

import argparse
import ast

import numpy as np
from numpy import errstate, full_like, isfinite, mean, sqrt, std  # by name: a program may put others in their place

from shinka.core import run_shinka_eval

FUNCTIONS = {name: getattr(np, name) for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "tanh")}
OPERATORS = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power}
LONGEST, LARGEST = 2000, 120


def law(x):
    """What is to be found."""
    return 1.5 * np.exp(-0.15 * x) * np.sin(1.7 * x + 0.5) + 0.04 * x**2 - 0.3 * x


def known():
    """The points that programs get."""
    rng = np.random.default_rng(99)
    x = np.sort(rng.uniform(0.0, 10.0, 60))
    return {"x": x.tolist(), "y": (law(x) + rng.normal(0.0, 0.05, 60)).tolist()}


def unknown():
    """Where the formula is judged."""
    return np.linspace(0.0, 12.0, 240)


AT = unknown()
TRUTH = law(AT)  # before there is a program that could meddle


def read(text):
    """A formula's tree.

    Raises:
        ValueError: It is too long, or holds something else than is allowed.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError(f"the formula must be a text of at most {LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text[:80]!r} is no formula: {error}") from error
    if (count := size(tree)) > LARGEST:
        raise ValueError(f"the formula has {count} parts; {LARGEST} are allowed")
    value(tree, np.ones(1))
    return tree


def size(tree):
    """Numbers, variables, operators and functions; a minus in front of a number belongs to it."""
    return sum(isinstance(node, ast.Constant | ast.BinOp | ast.Call) for node in ast.walk(tree)) + sum(
        isinstance(node, ast.Name) and node.id == "x" for node in ast.walk(tree)
    )


def value(node, x):
    """What a formula comes to at x.

    Raises:
        ValueError: It holds something else than is allowed.
    """
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return full_like(x, float(number))
        case ast.Name(id="x"):
            return x
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign):
            inside = value(node.operand, x)
            return -inside if isinstance(sign, ast.USub) else inside
        case ast.BinOp() if type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](value(node.left, x), value(node.right, x))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](value(argument, x))
    raise ValueError(f"{ast.unparse(node)[:80]!r} is not allowed: x, numbers, + - * / ** and {' '.join(FUNCTIONS)}")


def error_of(tree):
    """The root mean square error over the law's own spread."""
    with errstate(all="ignore"):
        off = value(tree, AT) - TRUTH
    if not isfinite(off).all():
        raise ValueError(f"the formula has no value at x = {AT[~isfinite(off)][0]:.3f}")
    return float(sqrt(mean(off**2)) / std(TRUTH))


def score(error, count):
    """The score of a formula with so many parts."""
    return (1 - 0.003 * count) / (1 + 5 * error)


def validate(result):
    """Whether it is a formula that has a value everywhere."""
    try:
        error_of(read(result))
    except (ValueError, OverflowError, RecursionError) as error:
        return False, str(error)
    return True, None


def aggregate(results):
    """The score of the only formula."""
    if not validate(results[0])[0]:
        return {"combined_score": 0.0}
    tree = read(results[0])
    points = known()
    with np.errstate(all="ignore"):
        off = np.abs(value(tree, np.array(points["x"])) - points["y"])
    worst = int(np.argmax(off))
    return {
        "combined_score": score(error_of(tree), size(tree)),
        "public": {"known_error": float(np.sqrt(np.mean(off**2))), "parts": size(tree)},
        "text_feedback": f"{results[0]}\nOf the known points it is worst at x = {points['x'][worst]:.3f}: off by {off[worst]:.3f}.",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_shinka_eval(
        arguments.program_path,
        arguments.results_dir,
        "run_formula",
        1,
        get_experiment_kwargs=lambda _run: known(),
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )
