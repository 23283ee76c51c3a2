"""Every example: its page says what is so, its evaluator refuses what is wrong and counts right, a model's answer helps."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from examples import __main__ as all_of_them
from examples.drawing import best_of, draw, module_from
from tests.examples.answers import ANSWERS, answer_for
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT
from tests.support.runs import command, rows

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/evaluate.py"))
NOISY = {"matmul_cpp"}  # its score is a time


def folder(example: str) -> Path:
    return ROOT / "examples" / example


def seed_of(example: str) -> Path:
    (found,) = folder(example).glob("initial*")
    return found


@cache
def evaluator(example: str) -> ModuleType:
    return module_from(folder(example) / "evaluate.py")


def needs_tool(example: str) -> None:
    if (tool := all_of_them.lacking(example)) is not None:
        pytest.skip(f"there is no {tool}")


@dataclass(frozen=True)
class Verdict:
    correct: bool
    error: str
    metrics: dict[str, Any]

    @property
    def score(self) -> float:
        return self.metrics["combined_score"]


def judged(example: str, program: Path, results: Path) -> Verdict:
    """As a run has it evaluated: a process, with two arguments."""
    command = [sys.executable, "evaluate.py", "--program_path", str(program), "--results_dir", str(results)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder(example), env=environment, capture_output=True, text=True)
    assert (results / "correct.json").exists(), done.stderr
    said = json.loads((results / "correct.json").read_text())
    return Verdict(said["correct"], said["error"] or "", json.loads((results / "metrics.json").read_text()))


def told(example: str, row: str) -> str:
    """A figure of the table on an example's page."""
    found = re.search(rf"^\| {row} \| \**([\d.]+)", (folder(example) / "README.md").read_text(), re.MULTILINE)
    assert found is not None, f"{example}: no row {row!r}"
    return found[1]


def same(text: str, number: float) -> bool:
    """Whether a figure on a page is that number, as far as it is given."""
    return text == f"{number:.{len(text.partition('.')[2])}f}"


@pytest.mark.parametrize("example", [name for name in EXAMPLES if name not in NOISY])
def test_the_page_gives_the_scores_of_the_seed_program_and_of_the_best(example: str, tmp_path: Path) -> None:
    needs_tool(example)
    for row, program in (("Seed program", seed_of(example)), ("Best found here", best_of(example))):
        verdict = judged(example, program, tmp_path / row)
        assert verdict.correct, verdict.error
        assert same(told(example, row), verdict.score), (row, verdict.score)


def test_the_seed_program_in_cpp_is_as_fast_as_itself_and_the_best_is_faster(tmp_path: Path) -> None:
    needs_tool("matmul_cpp")
    seed, best = (
        judged("matmul_cpp", program, tmp_path / program.stem)
        for program in (seed_of("matmul_cpp"), best_of("matmul_cpp"))
    )
    assert seed.correct, seed.error
    assert best.correct, best.error
    assert 0.7 < seed.score < 1.4
    assert best.score > seed.score


def taken_apart(picture: str) -> tuple[list[str], list[float]]:
    number = r"-?\d+\.?\d*"
    return re.split(number, picture), [float(found) for found in re.findall(number, picture)]


@pytest.mark.parametrize("example", [name for name in EXAMPLES if name not in NOISY])
def test_pictures_are_those_of_the_best_programs(example: str) -> None:
    needs_tool(example)
    stored = (folder(example) / "picture.svg").read_text()
    words, numbers = taken_apart(stored)
    drawn, places = taken_apart(draw(example, best_of(example)))
    assert drawn == words, "python -m examples.drawing"
    assert places == pytest.approx(numbers, abs=0.05), "other machines round otherwise, and no more than that"
    assert len(stored) < 60_000


@pytest.mark.parametrize("example", EXAMPLES)
def test_pages_show_the_picture_and_are_listed(example: str) -> None:
    assert "(picture.svg)" in (folder(example) / "README.md").read_text()
    assert f"(../examples/{example}/README.md)" in (ROOT / "docs" / "examples.md").read_text()
    assert (folder(example) / "picture.svg").stat().st_size < 60_000


POINTS = "    points[over] /= total[over, None] * (1 + 1e-12)\n    return points"
RETURNED = "    return points"
FOUND = "    return [float(value) for value in found]"
# Of each example: what of the seed program becomes what, and what the evaluator says of it.
HOSTILE: dict[str, list[tuple[str, str, str]]] = {
    "heilbronn_triangle": [
        (POINTS, f"{RETURNED} + 1e-9 + (1 - points.sum(axis=1)).clip(0)[:, None]", "outside"),
        (RETURNED, "    return points[:10]", "11 pairs"),
        (RETURNED, "    return points * np.nan", "finite"),
    ],
    "online_bin_packing": [
        (FOUND, "    return found.tolist()[:-1]", "priority"),
        (FOUND, "    return [float('nan')] * len(found)", "number"),
        (FOUND, "    raise SystemExit(3)", "code 3"),
        (FOUND, "    import os; os.kill(os.getpid(), 9)", "code -9"),
    ],
    "signal_processing": [
        ("        return self.level\n", "        return float('inf')\n", "finite"),
        ("        return self.level\n", "        raise SystemExit(0)\n", "ended"),
    ],
    "transaction_scheduling": [
        ("    return arrange(transactions, wanted)", "    return [0] * len(transactions)", "once each"),
        ("    return arrange(transactions, wanted)", "    transactions.clear(); return []", "once each"),
    ],
    "matmul_cpp": [
        ("b[k * n + j];", "b[k * n + j] * (n == 192 ? 1.001f : 1.0f);", "off by"),
        ("= 0.0f;", "= 0.0f / 0.0f;", "off by"),
        ("= 0.0f;", "= *(volatile float*)0;", "code -11"),
        ("= 0.0f;", "= 0", "compile"),
        ("#include <cstddef>", "#include <cstddef>\n#include <unistd.h>\nint other = fork();", "fork"),
    ],
    "sorting_network_rust": [
        ("for (i, j) in useful(network())", "for (i, j) in pass(1)", "unsorted"),
        ("for (i, j) in useful(network())", "for (i, j) in vec![(3, 12)]", "higher one"),
        ('println!("{i} {j}")', 'println!("all sorted")', "no comparator"),
        ('println!("{i} {j}")', 'loop { println!("{i} {j}") }', "prints more"),
        ("const N: usize = 12;", "const N: usize = ;", "compile"),
    ],
    "symbolic_regression": [
        ("    return f", "    return '__import__(\"os\").getcwd()' #", "not allowed"),
        ("    return f", "    return '9**9**9**9 * x' #", "no value"),
        ("    return f", "    return ' + '.join(['x'] * 100) #", "120 are allowed"),
        ("    return f", "    return 1.0 #", "must be a text"),
        ("    return f", "    return 'log(x - 5)' #", "no value"),
        ("    return f", "    return '-' * 1500 + 'x' #", "recursion"),
    ],
    "prompt": [("", "", "must have 1 to")],
    "two_modules": [
        ("    return shorten(places, first_tour(places))", "    return [0, 1, 2]", "once each"),
        ("    return shorten(places, first_tour(places))", "    places[:] = [(0, 0)] * 60; return range(59)", "once each"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("example", "number"), [(name, number) for name, those in HOSTILE.items() for number in range(len(those))]
)
def test_what_is_wrong_is_refused_with_the_reason(example: str, number: int, tmp_path: Path) -> None:
    needs_tool(example)
    old, new, reason = HOSTILE[example][number]
    seed = seed_of(example)
    program = tmp_path / seed.name
    (shutil.copytree if seed.is_dir() else shutil.copy2)(seed, program)
    file = program / "main.py" if program.is_dir() else program
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new) if old else new)
    verdict = judged(example, program, tmp_path / "results")
    assert not verdict.correct
    assert reason in verdict.error
    assert "Traceback" not in verdict.error
    assert verdict.score == 0.0


# What is added to a seed program so that library functions, or objects of its own, say something else to who judges it.
MEDDLING: dict[str, list[str]] = {
    "circle_packing": [
        "np.sum = lambda *given, **named: 99.0\n",
        "import math\nmath.fsum = lambda numbers: 99.0\n",
        "class Grows(list):\n    asked = 0\n"
        "    def __iter__(self):\n        self.asked += 1\n"
        "        return (value * (1 if self.asked == 1 else 3) for value in list.__iter__(self))\n"
        "def run_packing(inner=run_packing):\n    centers, radii, total = inner()\n    return centers, Grows(radii), total\n",
    ],
    "heilbronn_triangle": [
        "import itertools\nitertools.combinations = lambda numbers, count: [(0, 1, 2)]\n"
        "def run_points(): return [(0, 0), (1, 0), (0, 1), *[(0.3, 0.3)] * 8]\n",
    ],
    "symbolic_regression": ["np.std = lambda *given: 1e9\n", "np.sqrt = lambda *given: 0.0\n"],
    "transaction_scheduling": [
        "import random\nrandom.Random.choices = lambda *given, **named: [0]\nrandom.Random.random = lambda self: 1.0\n"
    ],
    "two_modules": ["import math\nmath.dist = lambda a, b: 1e-3\n"],
    "sensor_calibration": [
        "import math\nmath.sin = math.cos = lambda x: 0.0\ndef estimate(): return [20.0] * 400\n",
        "class Right(float):\n    def __sub__(self, other): return 0.0\n"
        "def estimate(inner=estimate): return [Right(value) for value in inner()]\n",
    ],
    "prompt": ["\n" + "\n".join("- defect: " + "-".join(["word"] * 160 + [word]) for word in ("brake", "crack", "lamp")) + "\n"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("example", "number"), [(name, number) for name, those in MEDDLING.items() for number in range(len(those))]
)
def test_what_a_program_does_to_who_judges_it_gains_nothing(example: str, number: int, tmp_path: Path) -> None:
    seed = seed_of(example)
    program = tmp_path / seed.name
    (shutil.copytree if seed.is_dir() else shutil.copy2)(seed, program)
    file = program / "main.py" if program.is_dir() else program
    file.write_text(file.read_text() + MEDDLING[example][number])
    verdict = judged(example, program, tmp_path / "results")
    assert verdict.score <= float(told(example, "Seed program")) + 1e-3


def test_the_smallest_area_of_points_whose_areas_are_known() -> None:
    """A point on a side: its triangle with two corners at both sides of it has no area."""
    of = evaluator("heilbronn_triangle")
    corners = of.points_of([(0, 0), (1, 0), (0, 1), (0.25, 0.25), *[(0.5, 0.5)] * 7])[:4]
    assert [float(area) for area, _ in of.areas(corners)] == [1.0, 0.25, 0.25, 0.5]


def test_bins_over_bins_by_hand() -> None:
    of = evaluator("online_bin_packing")
    first_fit = of.pack([60, 50, 40, 50, 1], lambda item, rooms: [-float(room) for room in rooms])
    assert first_fit == [[60, 40], [50, 50], [1]]
    assert of.score_of([first_fit]) == 1.0  # 201 need three
    apart = of.pack([60, 50, 40, 50, 1], lambda item, rooms: [float(room) for room in rooms])
    assert len(apart) == 5
    assert of.score_of([apart]) == 3 / 5


def test_decibels_by_hand() -> None:
    of = evaluator("signal_processing")
    truth = of.np.zeros(of.SAMPLES)
    assert math.isclose(of.gain(truth, truth + 2.0, truth + 0.2), 20.0)
    assert math.isclose(of.gain(truth, truth + 2.0, truth + 2.0), 0.0)


def test_the_time_of_an_order_by_hand() -> None:
    """Two that write the same key at their end, and one that meets neither."""
    of = evaluator("transaction_scheduling")
    transactions = [[("a", False), ("k", True)], [("b", False), ("k", True)], [("c", True)] * 2]
    assert of.starts(transactions, [0, 1, 2]) == [0, 1, 0]
    assert of.speedup(transactions, [0, 1, 2]) == 6 / 3
    readers = [[("k", False)] * 3, [("k", False)] * 3, [("k", True)]]
    assert of.starts(readers, [0, 1, 2]) == [0, 0, 3]
    assert of.starts(readers, [2, 0, 1]) == [0, 1, 1]


def test_speed_by_hand() -> None:
    of = evaluator("matmul_cpp")
    assert of.speed(of.np.array([[4.0, 3.0, 9.0], [1.0, 6.0, 2.0]])) == 3.0
    assert [of.stepped(ratio) for ratio in (0.98, 1.0, 1.02)] == [1.0] * 3
    assert of.stepped(1.13) == pytest.approx(1.05**3)


def test_networks_by_hand() -> None:
    of = evaluator("sorting_network_rust")
    bubble = "\n".join(f"{i} {i + 1}" for last in range(11, 0, -1) for i in range(last))
    assert of.judge(bubble) == {"combined_score": 39 / 66, "public": {"comparators": 66, "layers": 21}}
    without_last = bubble.rsplit("\n", 1)[0]
    assert len(of.unsorted(of.network_of(without_last))) > 0


def test_formulas_by_hand() -> None:
    of = evaluator("symbolic_regression")
    true = "1.5 * exp(-0.15 * x) * sin(1.7 * x + 0.5) + 0.04 * x**2 - 0.3 * x"
    tree = of.read(true)
    assert of.size(tree) == 23
    assert of.error_of(tree) < 1e-12
    assert of.score(0.2, 100) == pytest.approx(0.35)


def test_the_stand_in_does_what_it_says_of_itself() -> None:
    of = evaluator("prompt")
    prompt = "- billing: invoice\n- delivery (2.0): parcel\n\nIf none fits, answer: account"
    assert of.answer_of_stand_in(prompt, "The invoices were wrong") == "billing"
    assert of.answer_of_stand_in(prompt, "An invoice lay in the parcel") == "delivery"
    assert of.answer_of_stand_in(prompt, "Hello") == "account"
    assert of.answer_of_stand_in("word " * 150 + "\n" + prompt, "The invoice") == ""
    assert of.answer_of_stand_in("word," * 150 + "\n" + prompt, "The invoice") == "", "joined words are words"


async def test_a_model_may_answer_in_the_place_of_the_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async with ModelServer(Script(answer=lambda messages, number: "It is **Delivery**.")) as server:
        for name, value in (("PROMPT_MODEL", "m"), ("OPENAI_BASE_URL", server.url), ("OPENAI_API_KEY", "none")):
            monkeypatch.setenv(name, value)
        verdict = await asyncio.to_thread(judged, "prompt", seed_of("prompt"), tmp_path)
        asked = [body["messages"][0]["content"] for body in server.bodies]
    assert verdict.score == 6 / 24
    assert len(asked) == 36
    assert all(text.startswith("You sort the messages") and "EVOLVE-BLOCK" not in text for text in asked)


def test_tours_by_hand() -> None:
    of = evaluator("two_modules")
    assert of.length([(0, 0), (3, 0), (3, 4)], [0, 1, 2]) == 12.0


def test_an_example_whose_compiler_is_missing_is_left_out_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert all_of_them.lacking("matmul_cpp") == "no-such-compiler"
    assert all_of_them.lacking("prompt") is None


@pytest.mark.parametrize("module", ["examples", "examples.drawing"])
def test_a_name_that_is_mistyped_is_told_with_the_nearest(module: str) -> None:
    command = [sys.executable, "-m", module, "circle_pakcing"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=180)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: 'circle_pakcing' is no example; did you mean 'circle_packing'?\n"


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_answer_of_a_model_makes_the_seed_program_better(
    example: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    import asyncio

    needs_tool(example)

    async def lives() -> subprocess.CompletedProcess[str]:
        async with ModelServer(Script(answer=lambda messages, number: answer_for(example))) as server:
            arguments = [str(folder(example)), "--results", str(tmp_path / "r"), "--generations", "1", "--model", "m"]
            arguments += ["--base-url", server.url]
            return await asyncio.to_thread(lambda: command(*arguments, api=prefect_api, home=prefect_home))

    done = asyncio.run(lives())
    assert done.returncode == 0, done.stdout + done.stderr
    scores = dict(rows(tmp_path / "r", "SELECT generation, score FROM programs WHERE correct"))
    assert scores[1] > 1.02 * scores[0] or example in ("online_bin_packing", "sensor_calibration")
    assert scores[1] > scores[0]
    assert example in ANSWERS
