"""Runs the task folders of the peers as they are: `python -m benchmarks.compat --openevolve DIR [--skydiscover DIR] [--shinka DIR]`.

Each folder runs by the command that anyone would give, for a few generations of `builtin/mutate`, its evaluator in a virtual
environment with what the folder requires and no more. Nothing in a folder is changed or added. What a folder needs beyond
that (another program, a key, a network, a graphics card, a package that takes gigabytes) is said in its row. A peer for
which no checkout is named is left out; `--clone` fetches all three by git, and AlgoTune, which some folders look for in
OpenEvolve's checkout.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

from benchmarks.compat_scripts import SCRIPT, run_script

ROOT = Path(__file__).resolve().parents[1]
ALGOTUNE = "https://github.com/oripress/AlgoTune"
ADDRESSES = {
    "shinka": "https://github.com/SakanaAI/ShinkaEvolve",
    "openevolve": "https://github.com/algorithmicsuperintelligence/openevolve",
    "skydiscover": "https://github.com/skydiscover-ai/skydiscover",
}
# Where their task folders are, and what each has.
PLACES = {
    "shinka": ("examples", ("initial.*",)),
    "openevolve": ("examples", ("initial_program", "initial_program.*", "init_program.*", "initial_prompt.*")),
    "skydiscover": ("benchmarks", ("initial_program.*", "initial_prompt.*")),
}
# What a folder needs, where it has no requirements.txt or that lacks something, or lists far more.
_JAX = ("numpy", "jax", "optax", "tqdm")
PACKAGES = {
    "shinka/circle_packing": ("numpy",),
    "shinka/game_2048": ("numpy",),
    "*/heilbronn_convex/14": ("numpy", "scipy"),
    "*/uncertainty_ineq": ("numpy", "scipy", "sympy", "jax", "optax", "tqdm"),
    **{f"*/{name}": _JAX for name in ("*_autocorr_ineq", "erdos_min_overlap", "matmul", "sums_diffs_finite_sets")},
    "openevolve/background_blur": ("numpy", "pillow", "scipy"),
    "openevolve/claude_code_quickstart": ("numpy",),
    "openevolve/function_minimization": ("numpy", "scipy"),
    "openevolve/circle_packing*": ("numpy", "scipy", "matplotlib"),
    "openevolve/signal_processing": ("numpy", "scipy"),
    "openevolve/r_robust_regression": ("numpy",),
    "openevolve/rust_adaptive_sort": ("numpy",),
    "openevolve/arc_benchmark": ("numpy",),
    "openevolve/algotune/*": ("numpy", "scipy", "orjson", "pyyaml"),
    "openevolve/web_scraper_optillm": ("beautifulsoup4",),
    "openevolve/sldbench": ("numpy", "scipy", "datasets"),
}
# Programs that an evaluator calls.
TOOLS = {
    "shinka/fortran_heat_diffusion": ("gfortran",),
    "shinka/go_collatz_steps": ("go",),
    "shinka/julia_prime_counting": ("julia",),
    "shinka/wolfram_gcd_sum": ("wolframscript",),
    "shinka/rtllm": ("yosys", "iverilog"),
    "openevolve/r_robust_regression": ("Rscript",),
    "openevolve/rust_adaptive_sort": ("cargo",),
    "openevolve/attention_optimization": ("mlir-opt",),
}
# Another repository that a folder looks for in the peer's checkout.
WITHIN = {"openevolve/algotune/*": "AlgoTune"}
# What no machine without it can run.
WANTS = {
    "shinka/novelty_generator": "asks judge models: keys and network",
    "openevolve/arc_benchmark": "data of ARC",
    "openevolve/mlx_metal_kernel_opt": "Apple's MLX",
    "openevolve/llm_prompt_optimization": "asks a model in its evaluator: key and network",
    "openevolve/online_judge_programming": "the network and an account",
    "openevolve/sldbench": "data that is downloaded",
    "openevolve/tsp_tour_minimization": "a program of several files, made into one text by its own script; a graphics card",
    "openevolve/rust_adaptive_sort": "packages from the network, inside of an evaluation",
    "skydiscover/ADRS/cloudcast": "data that is downloaded",
    "skydiscover/ADRS/eplb": "data that is downloaded",
    "skydiscover/ADRS/llm_sql": "data that is downloaded",
    "skydiscover/ale_bench/*": "ale_bench and its containers",
    "skydiscover/arc_benchmark": "data of ARC",
    "skydiscover/frontier-cs-eval": "containers",
    "skydiscover/gpu_mode/*": "a graphics card",
    "skydiscover/prompt_optimization/*": "asks a model in its evaluator: key and network",
}
# Said by whoever runs it, as the command asks for it.
FLAGS = {
    "openevolve/signal_processing": ("--score", "overall_score"),
    "openevolve/r_robust_regression": ("--score", "score"),
}
# Packages that take more than a run is worth, unless they are asked for.
LARGE = {"jax", "torch", "datasets", "cvxpy", "numba", "botorch", "dspy", "ortools"}
NOT_FOR_THE_EVALUATOR = {"openevolve", "skydiscover", "shinka"}


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one folder.

    Attributes:
        needs: Packages and programs.
        code: Exit code of the command; None when it was not run.
        said: Why it was not run, or what it said when it failed.
    """

    folder: str
    needs: str
    code: int | None = None
    seed: float | None = None
    best: float | None = None
    correct: str = ""
    seconds: float = 0.0
    said: str = ""

    def cells(self) -> list[str]:
        """For a table in Markdown."""
        code = "not run" if self.code is None else str(self.code)
        scores = [f"{score:.6g}" if score is not None else "" for score in (self.seed, self.best)]
        said = " ".join(self.said.split())
        said = (said if len(said) <= 160 else said[:157] + "...").replace("|", "\\|")
        return [self.folder, self.needs or "-", *scores, self.correct, code, said]


def main() -> None:
    """Runs all that are asked for, prints a line for each, and writes the table."""
    options = _options()
    work = options.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    sources: list[str] = []
    for peer in ADDRESSES:
        tree = _tree(peer, options, work)
        if tree is None:
            continue
        sources.append(f"{peer} {_commit(tree)}")
        for name, folder in folders(peer, tree):
            if any(fnmatch(name, only) for only in options.only or ["*"]):
                rows.append(attempt(name, folder, options, work, tree.absolute()))
                print(" | ".join(rows[-1].cells()), flush=True)
                if options.scripts and (folder / SCRIPT).is_file():
                    rows.append(script(rows[-1], folder, options, work))
                    print(" | ".join(rows[-1].cells()), flush=True)
    text = table(rows, sources, options.generations)
    (options.output or work / "compat.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")


def folders(peer: str, tree: Path) -> Iterator[tuple[str, Path]]:
    """Their task folders with a name for each."""
    place, programs = PLACES[peer]
    found = {path.parent for pattern in programs for path in (tree / place).rglob(pattern)}
    for folder in sorted(found):
        inside = str(folder.relative_to(tree / place)).replace("alphaevolve_math_problems", "alphaevolve")
        yield f"{peer}/{inside}", folder


def attempt(name: str, folder: Path, options: argparse.Namespace, work: Path, tree: Path) -> Row:
    """One folder, run if what it needs is here.

    Args:
        tree: The peer's checkout.
    """
    packages, tools, within = packages_of(name, folder), _of(name, TOOLS) or (), _of(name, WITHIN)
    needs = ", ".join([*packages, *tools, *([within] if within else [])])
    missing = [tool for tool in tools if shutil.which(str(tool)) is None]
    large = sorted({_plain(package) for package in packages} & LARGE)
    why = _of(name, WANTS) or (f"{', '.join(missing)} not on this machine" if missing else "")
    if not why and within and not (tree / within).is_dir():
        why = f"no checkout of {within} in that of the peer"
    if not why and large and not options.large:
        why = f"{', '.join(large)} not asked for (--large)"
    if why:
        return Row(name, needs, said=why)
    try:
        python = environment(packages, work)
    except subprocess.CalledProcessError as error:
        return Row(name, needs, said=f"pip: {error.stderr.strip().splitlines()[-1]}")
    settings = {"python": str(python), "readable": [str(tree / within)] if within else []}
    return run(name, folder, settings, needs, options, work)


def run(name: str, folder: Path, job: Mapping[str, Any], needs: str, options: argparse.Namespace, work: Path) -> Row:
    """The command on the folder, told by its own events.

    Args:
        job: Settings of its evaluations.
    """
    results = work / "results" / name
    shutil.rmtree(results, ignore_errors=True)
    settings = results.with_name(f"{results.name}.yaml")
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"job": dict(job)}), encoding="utf-8")
    command = [sys.executable, str(ROOT / "flows" / "evolve.py"), str(folder), "--config", str(settings), "--json"]
    command += ["--results", str(results), "--generations", str(options.generations), "--model", options.model]
    command += [*(_of(name, FLAGS) or ())]
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    surroundings |= {"PREFECT_HOME": str(work / "prefect"), "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=work, env=surroundings, capture_output=True, text=True, timeout=options.limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Row(name, needs, said=f"not done after {options.limit:g} s", seconds=options.limit)
    seconds = time.monotonic() - started
    end = _end_of(done.stdout)
    summary: dict[str, Any] = end.get("summary") or {}
    told = [end.get("error"), *(summary.get(name) for name in ("seed_error", "stopped_early", "last_error", "reached"))]
    usual = "no proposal was correct" if end.get("outcome") == "nothing_made" else ""
    said = next((str(words) for words in told if words), usual)
    if not end:
        said = (done.stderr.strip().splitlines() or ["no event"])[-1]
    correct = f"{summary['correct']}/{summary['programs']}" if summary else ""
    return Row(
        name, needs, done.returncode, summary.get("seed_score"), summary.get("best_score"), correct, seconds, said
    )


def script(row: Row, folder: Path, options: argparse.Namespace, work: Path) -> Row:
    """The folder's own script, in a copy, where what it needs is here."""
    name = f"{row.folder}/{SCRIPT}"
    if row.code is None:
        return Row(name, row.needs, said=row.said)
    copy = work / "scripts" / folder.name
    code, said = run_script(
        folder, copy, ROOT, generations=options.generations, model=options.model, limit=options.limit
    )
    return Row(name, row.needs, code, said=said)


def environment(packages: Sequence[str], work: Path) -> Path:
    """An interpreter that has those packages and this project, made once.

    Raises:
        subprocess.CalledProcessError: A package cannot be had.
    """
    digest = hashlib.sha256("\n".join(sorted(packages)).encode()).hexdigest()[:8]
    place = work / f"env-{digest}"
    python = place / "bin" / "python"
    if not (place / "ready").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True, capture_output=True)
        if packages:
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            subprocess.run(pip, check=True, capture_output=True, text=True)
        for site in place.glob("lib/python*/site-packages"):
            (site / "project.pth").write_text(f"{ROOT}\n", encoding="utf-8")
        (place / "ready").touch()
    return python


def packages_of(name: str, folder: Path) -> tuple[str, ...]:
    """What the folder requires of Python, by what is known of it, or by its requirements.txt."""
    known = _of(name, PACKAGES)
    if known is not None:
        return known
    for file in (folder / "evaluator" / "requirements.txt", folder / "requirements.txt"):
        if file.is_file():
            lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
            return tuple(line for line in lines if line and _plain(line) not in NOT_FOR_THE_EVALUATOR)
    return ()


def table(rows: Sequence[Row], sources: Sequence[str], generations: int) -> str:
    """All rows in Markdown, with what was run."""
    head = ["folder", "needs", "seed", "best", "correct", "exit code", "why, or what it says"]
    ran = [row for row in rows if row.code is not None]
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {generations} generations of `builtin/mutate`; {', '.join(sources)}. "
        f"{sum(row.code == 0 for row in ran)} of {len(ran)} that were run ended with exit code 0; {len(rows) - len(ran)} were not run.",
        "",
        *(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *(row.cells() for row in rows))),
    ]
    return "\n".join(lines) + "\n"


def _tree(peer: str, options: argparse.Namespace, work: Path) -> Path | None:
    """Their checkout: as named, or cloned."""
    named: Path | None = getattr(options, peer)
    if named is not None or not options.clone:
        return named
    place = work / "trees" / peer
    if not place.is_dir():
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", ADDRESSES[peer], str(place)], check=True)
        if peer == "openevolve":
            command = ["git", "clone", "--quiet", "--depth", "1", ALGOTUNE, str(place / "AlgoTune")]
            subprocess.run(command, check=True)
    return place


def _commit(tree: Path) -> str:
    said = ["git", "-C", str(tree), "log", "-1", "--format=%h (%cd)", "--date=short"]
    return subprocess.run(said, capture_output=True, text=True, check=False).stdout.strip()


def _end_of(output: str) -> dict[str, Any]:
    """The last event."""
    for line in reversed(output.splitlines()):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "exit_code" in event:
            return cast("dict[str, Any]", event)
    return {}


def _of(name: str, known: dict[str, Any]) -> Any:
    return next((value for pattern, value in known.items() if fnmatch(name, pattern)), None)


def _plain(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_-]", requirement, maxsplit=1)[0].lower()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for peer, address in ADDRESSES.items():
        parser.add_argument(f"--{peer}", type=Path, help=f"a checkout of {address}")
    parser.add_argument("--clone", action="store_true", help="clone those that are not named")
    parser.add_argument("--only", action="append", help="folders by pattern, as shown in the table (repeatable)")
    parser.add_argument("--generations", type=int, default=3, help="of each run")
    parser.add_argument("--model", default="builtin/mutate", help="who proposes")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds of one folder")
    parser.add_argument(
        "--scripts", action="store_true", help="their run_evo.py too, in a copy with this model and length"
    )
    parser.add_argument("--large", action="store_true", help="install large packages too")
    parser.add_argument("--work", type=Path, default=Path("results/compat"), help="environments and results")
    parser.add_argument("--output", type=Path, help="the table; compat.md in --work by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
