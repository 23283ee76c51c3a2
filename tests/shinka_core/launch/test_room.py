"""No result is deleted to make room for another evaluation."""

from __future__ import annotations

import json
from pathlib import Path

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.launch.room import make_room, make_room_for_program, put_aside_program
from shinka_core.run import open_run
from shinka_core.settings import RunSettings
from tests.support.bare import evolve


def write_result(folder: Path, score: float) -> None:
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"combined_score": score}))
    (folder / "correct.json").write_text('{"correct": true}')


def test_results_are_put_aside_and_what_was_cut_off_is_removed(tmp_path: Path) -> None:
    for score in (1.0, 2.0):
        write_result(tmp_path / "results", score)
        make_room(tmp_path / "results")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "metrics.json").write_text("{")
    make_room(tmp_path / "results")
    make_room(tmp_path / "results")
    scores = [
        json.loads((folder / "metrics.json").read_text())["combined_score"] for folder in sorted(tmp_path.iterdir())
    ]
    assert scores == [1.0, 2.0]


def test_a_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    write_result(tmp_path / "precious", 1.0)
    (tmp_path / "results").symlink_to(tmp_path / "precious")
    make_room(tmp_path / "results")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


async def test_a_generation_that_the_database_has_forgotten_loses_neither_program_nor_results(tmp_path: Path) -> None:
    """As when an older copy of the database was put back."""
    (tmp_path / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 0.5\n# EVOLVE-BLOCK-END\n")
    (tmp_path / "evaluate.py").write_text(
        "import sys, json, pathlib\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('--results_dir') + 1])\n"
        "(folder / 'metrics.json').write_text(json.dumps({'combined_score': 1.0}))\n"
        "(folder / 'correct.json').write_text(json.dumps({'correct': True}))\n"
    )
    settings = RunSettings(
        "run", tmp_path / "r", EvolutionConfig(init_program_path=str(tmp_path / "initial.py"), num_generations=2),
        LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), isolation="limits"), DatabaseConfig(),
    )  # fmt: skip
    async with open_run(settings, resume=False) as run:
        write_result(tmp_path / "r" / "gen_1" / "results", 99.0)
        (tmp_path / "r" / "gen_1" / "main.py").write_text("x = 99\n")
        await evolve(run)
    aside = tmp_path / "r" / "gen_1-before-1"
    assert (aside / "main.py").read_text() == "x = 99\n"
    assert json.loads((aside / "results" / "metrics.json").read_text())["combined_score"] == 99.0
    assert json.loads((tmp_path / "r" / "gen_1" / "results" / "metrics.json").read_text())["combined_score"] == 1.0


def test_a_program_goes_aside_with_all_its_results_also_when_that_was_cut_off(tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text("x = 1\n")
    for name in ("results", "results-quick.2"):
        write_result(tmp_path / name, 1.0)
    (tmp_path / "results.receipt.json").write_text("{}")
    (tmp_path / "unrepaired").mkdir()
    (tmp_path / "results").rename(tmp_path / "unrepaired" / "results")  # cut off here before
    put_aside_program(program, b"x = 2\n", "results", "unrepaired")
    assert program.exists(), "it is another one"
    for _ in range(2):
        put_aside_program(program, b"x = 1\n", "results", "unrepaired")
    assert [path.name for path in tmp_path.iterdir()] == ["unrepaired"]
    found = {path.name for path in (tmp_path / "unrepaired").iterdir()}
    assert found == {"main.py", "results", "results-quick.2", "results.receipt.json"}


def test_results_of_an_earlier_stage_are_results_too(tmp_path: Path) -> None:
    program = tmp_path / "gen_1" / "main.py"
    write_result(tmp_path / "gen_1" / "results-quick", 1.0)
    program.write_text("x = 1\n")
    make_room_for_program(program, b"x = 1\n", tmp_path / "gen_1" / "results")
    assert program.exists()
    make_room_for_program(program, b"x = 2\n", tmp_path / "gen_1" / "results")
    assert (tmp_path / "gen_1-before-1" / "results-quick" / "metrics.json").is_file()
