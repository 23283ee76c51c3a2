"""The script that runs the peers' task folders, on folders made anew."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import yaml

from benchmarks.compat import Row, attempt, folders, packages_of, table
from benchmarks.compat_scripts import run_script

EVALUATE = "import runpy\n\n\ndef evaluate(program_path):\n    return {'combined_score': runpy.run_path(program_path)['SIZE']}\n"
SCRIPT = """
import yaml
from shinka import EvolutionConfig
print("before")
config = EvolutionConfig(
    num_generations=50,
    llm_models=[
        "far",
    ],
    embedding_model="text-embedding",
)
print(config.num_generations, config.llm_models, config.embedding_model, yaml.safe_load(open("s.yaml"))["evo_config"])
"""


def tree(place: Path) -> Path:
    folder = place / "examples" / "alphaevolve_math_problems" / "points" / "2"
    folder.mkdir(parents=True)
    (folder / "initial_program.py").write_text("# EVOLVE-BLOCK-START\nSIZE = 1.5\n# EVOLVE-BLOCK-END\n")
    (folder / "evaluator.py").write_text(EVALUATE)
    return place


def options(**more: object) -> argparse.Namespace:
    return argparse.Namespace(**{"large": False, "generations": 2, "model": "builtin/mutate", "limit": 120.0, **more})


def test_folders_are_found_by_their_programs_and_what_they_require_by_their_lists(tmp_path: Path) -> None:
    ((name, folder),) = folders("openevolve", tree(tmp_path))
    assert name == "openevolve/alphaevolve/points/2"
    assert packages_of(name, folder) == ()
    (folder / "requirements.txt").write_text("# what it takes\nnumpy>=1.2  # arrays\nopenevolve\n\nscipy")
    assert packages_of(name, folder) == ("numpy>=1.2", "scipy")
    assert packages_of("openevolve/function_minimization", folder) == ("numpy", "scipy")


@pytest.mark.parametrize(
    ("name", "requires", "why"),
    [
        ("openevolve/points", "torch>=2\n", "torch not asked for (--large)"),
        ("shinka/wolfram_gcd_sum", "", "wolframscript not on this machine"),
        ("skydiscover/gpu_mode/trimul", "torch\n", "a graphics card"),
        ("openevolve/algotune/lu", "", "no checkout of AlgoTune in that of the peer"),
    ],
)
def test_what_is_not_run_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, requires: str, why: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "requirements.txt").write_text(requires)
    row = attempt(name, tmp_path, options(), tmp_path, tmp_path)
    assert (row.code, row.said) == (None, why)


def test_the_table_counts_what_was_run() -> None:
    rows = [
        Row("a", "numpy", 0, 1.5, 2.0, "3/4"),
        Row("b", "", 4, 1.0, 1.0, "1/4", said="x | y"),
        Row("c", "go", said="no go"),
    ]
    text = table(rows, ["peer abc"], 3)
    assert "1 of 2 that were run ended with exit code 0; 1 were not run." in text
    assert "| a | numpy | 1.5 | 2 | 3/4 | 0 |  |" in text
    assert "| b | - | 1 | 1 | 1/4 | 4 | x \\| y |" in text


@pytest.mark.slow
def test_a_folder_is_run_in_an_environment_of_its_own(tmp_path: Path) -> None:
    ((name, folder),) = folders("openevolve", tree(tmp_path / "tree"))
    row = attempt(name, folder, options(), tmp_path, tmp_path)
    assert (row.code, row.seed, row.correct) == (0, 1.5, "3/3"), row.said
    assert sorted(path.name for path in folder.iterdir()) == ["evaluator.py", "initial_program.py"]


def test_a_script_is_run_with_another_model_and_length_in_a_copy(tmp_path: Path) -> None:
    folder, root = tmp_path / "folder", Path(__file__).parents[2]
    folder.mkdir()
    (folder / "run_evo.py").write_text(SCRIPT)
    settings = {"evo_config": {"num_generations": 9, "meta_llm_models": ["m"]}, "db_config": {}}
    (folder / "s.yaml").write_text(yaml.safe_dump(settings))
    code, said = run_script(folder, tmp_path / "copy", root, generations=2, model="builtin/mutate", limit=60)
    assert code == 0, said
    assert said.startswith("2 ['builtin/mutate'] builtin/hashed-ngrams {")
    assert "'meta_llm_models': None" in said
    assert (folder / "run_evo.py").read_text() == SCRIPT
