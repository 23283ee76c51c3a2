"""The house rules: who may import whom, how large things may grow, what text may not say."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("shinka", "flows", "tasks", "shinka_core")
SOURCES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]

LAYERS = {"shinka": 3, "flows": 2, "tasks": 1, "shinka_core": 0}

# Inside shinka_core: what each part may use besides itself and the ground.
GROUND = {
    "bounds",
    "costs",
    "storable",
    "shown",
    "errors",
    "feedback",
    "review",
    "program",
    "config",
    "secrets",
    "model_address",
    "model_place",
    "providers",
    "outcome",
    "source",
    "source_text",
    "source_folder",
    "registry",
    "record",
    "thinking",
    "python_tree",
    "features",
    "grammars",
    "lexis",
    "seeds",
}
MAY_USE = {
    "edit": set[str](),
    "population": set[str](),
    "evaluation": {"evaluating"},  # when to stop
    "launch": {"evaluation", "warden"},
    "warden": set[str](),
    "budget": set[str](),
    "llm": {"budget", "slots"},
    "pacing": set[str](),
    "embed": {"budget", "llm"},  # the translation of provider errors, and what requests cost
    "prompts": {"edit"},  # which parts of a program may change
    "naming": set[str](),
    "own_packages": set[str](),
    "settings": set[str](),
    "evaluating": set[str](),
    "fingerprint": set[str](),
    "checks": {
        "bandit",
        "meta",
        "operators",
        "periodic",
        "reviewers",
        "database",
        "launch",
        "llm",
        "population",
        "prompts",
        "seed_program",
        "settings",
        "program_size",
        "trackers",
        "ways",
    },
    "whereabouts": {"database", "naming", "settings"},
    "seeds": set[str](),
    "starting": {"database", "earlier_runs", "library", "opening"},
    "last_run": {"database", "fingerprint", "naming"},
    "library": {"earlier_runs", "embed", "prompts", "seed_program", "settings"},
    "exports": {"database", "edit", "population"},
    "imports": {"database", "edit", "naming"},
    "earlier_runs": {"database", "fingerprint", "imports", "program_size", "seed_program", "settings"},
    "opening": {"checks", "database", "edit", "fingerprint", "seed_program", "settings"},
    "python_tree": set[str](),
    "features": set[str](),
    "callbacks": {"control", "database", "record"},
    "grammars": set[str](),
    "lexis": set[str](),
    "slots": set[str](),
    "tally": set[str](),
    "progress": {"highlights"},
    "highlights": set[str](),
    "control": set[str](),
    "run_limits": {"control", "progress"},
    "reviewers": set[str](),
    "trials": set[str](),
    "tuning": {"operators"},
    "periodic": {"budget", "control", "database", "llm", "progress", "settings"},
    "meta": {"database", "llm", "operators", "periodic", "prompts"},
    "shinkaevolve": {"bandit", "llm", "opened", "own_packages"},
    "secrets": set[str](),
    "model_address": set[str](),
    "model_place": set[str](),
    "providers": set[str](),
    "operators": {"edit", "llm", "prompts"},
    "database": {"naming", "population", "llm"},
    "report": {"bandit", "database", "population", "settings"},
    "seed_program": {"edit"},
    "novelty": {"edit", "embed", "llm", "prompts"},
    "ways": {"model_address", "operators", "prompts"},
    "program_size": {"llm", "operators", "prompts", "ways"},
    "reembedding": {"database", "embed", "novelty"},
    "replay": {
        "bandit",
        "binding",
        "budget",
        "database",
        "embed",
        "generation",
        "launch",
        "llm",
        "naming",
        "novelty",
        "operators",
        "population",
        "progress",
        "run",
        "seed_program",
        "settings",
        "trials",
        "tuning",
        "whereabouts",
        "meta",
    },
    "binding": {
        "bandit",
        "budget",
        "database",
        "meta",
        "novelty",
        "opening",
        "reembedding",
        "starting",
        "trials",
        "tuning",
    },
    "milestones": {"control", "record"},
    "validating": {"launch"},
    "kit": {"edit", "launch"},
    "run": {
        "meta",
        "binding",
        "milestones",
        "run_limits",
        "tuning",
        "bandit",
        "prompts",
        "seed_program",
        "starting",
        "budget",
        "database",
        "edit",
        "embed",
        "launch",
        "llm",
        "checks",
        "control",
        "naming",
        "periodic",
        "reviewers",
        "novelty",
        "opening",
        "operators",
        "pacing",
        "private",
        "progress",
        "reembedding",
        "settings",
        "program_size",
        "slots",
        "tally",
        "trials",
        "ways",
        "whereabouts",
    },
    "bandit": set[str](),
    "generation": {
        "bandit",
        "reviewers",
        "evaluating",
        "operators",
        "population",
        "program_size",
        "database",
        "edit",
        "launch",
        "llm",
        "prompts",
        "run",
    },
    "private": {"database", "naming"},
    "opened": {"database", "edit", "naming", "report"},
    "plots": {"opened", "report"},
    "trackers": {"callbacks", "database"},
}
LONGEST_FILE = 400
USUAL_FILE = 300
LONGEST_FUNCTION = 60
MACHINE_PATHS = ("/work" + "/", "/root" + "/", "/opt" + "/pypi", "file" + "://")


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    for module in imports(path):
        package = module.split(".")[0]
        if package in LAYERS:
            assert LAYERS[package] <= LAYERS[own], f"{name(path)} imports {module}"
        assert not (own == "shinka_core" and package == "prefect"), f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(ROOT / "shinka_core")], ids=name)
def test_the_parts_of_the_core_know_only_what_they_may(path: Path) -> None:
    part = path.relative_to(ROOT / "shinka_core").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    allowed = {
        "config": {"config", "errors", "program", "registry", "secrets"},
        "program": {"feedback", "review", "source", "source_text"},
        "feedback": set[str](),
        "review": {"source"},
        "bounds": set[str](),
        "costs": set[str](),
        "storable": set[str](),
        "shown": set[str](),
        "source": {"source_text"},
        "source_text": set[str](),
        "source_folder": {"errors", "source"},
        "registry": {"errors"},
        "record": {"errors", "program"},
        "thinking": set[str](),
        "errors": {"program"},
        "outcome": {"errors", "program"},
    }.get(part)
    allowed = allowed if allowed is not None else GROUND | {part} | MAY_USE[part]
    used = {module.split(".")[1] for module in imports(path) if module.startswith("shinka_core.")}
    assert used <= allowed, f"{name(path)} uses {sorted(used - allowed)}"


# Names inside Prefect that it promises to nobody. The second part is the server itself, in a process of its own, which
# checks them where it uses them.
INSIDE_PREFECT = re.compile(r"prefect\.(\w+\.)*(\w*engine|_internal|server)\b")
FENCES = {
    "flows/orchestrator/private.py": INSIDE_PREFECT,
    "flows/orchestrator/server/app.py": re.compile(r"prefect\.server\b"),
    "flows/orchestrator/server/schema.py": re.compile(r"prefect\.server\b"),
}


@pytest.mark.parametrize("path", [path for path in SOURCES if not path.is_relative_to(ROOT / "shinka_core")], ids=name)
def test_what_prefect_does_not_promise_is_imported_in_one_place(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    loaded = [
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in ("import_module", "imported")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    inside = [module for module in [*imports(path), *map(str, loaded)] if INSIDE_PREFECT.match(module)]
    fence = FENCES.get(name(path))
    assert all(fence is not None and fence.match(module) for module in inside), f"{name(path)} imports {inside}"
    assert fence is None or inside, f"{name(path)} needs no fence any more"


def test_what_runs_inside_evaluations_is_light() -> None:
    for path in (ROOT / "shinka_core" / "evaluation").glob("*.py"):
        heavy = {module.split(".")[0] for module in imports(path)} & {
            "numpy",
            "pydantic",
            "sqlalchemy",
            "openai",
            "prefect",
        }
        assert not heavy, f"{name(path)} imports {heavy}"


def test_files_and_functions_stay_small_enough_to_hold_in_the_head() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}
    assert sum(length > USUAL_FILE for length in lengths.values()) <= len(lengths) // 20
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert length <= LONGEST_FUNCTION, f"{name(path)}: {node.name} has {length} lines"


def test_no_file_is_named_for_nothing() -> None:
    banned = {"utils", "helpers", "helper", "manager", "common", "misc"}
    assert not [name(path) for path in SOURCES if path.stem in banned]


def test_no_committed_text_names_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    files = listed.stdout.split() if listed.returncode == 0 else []
    for file in files:
        path = ROOT / file
        if path.suffix in {".png", ".svg"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [part for part in MACHINE_PATHS if part in text], file


def test_constraints_pin_every_direct_dependency_without_an_address() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in pin and "/" not in pin for pin in pins)
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    assert {"prefect", "fastapi", "sqlalchemy", "openai", "numpy", "pydantic", "asyncpg", "pytest"} <= pinned
