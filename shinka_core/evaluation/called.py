"""Calls an evaluator that is no script: a function of the program's path, or a script that prints its result as JSON.

    main([TEXT, PATH, --program_path, P, --results_dir, D, --stage, NAME, --cascade, 0.5,0.75, --KEY, VALUE, ...])

TEXT is the descriptor from which the evaluator's text is read, or `-` for the file at PATH. `--stage NAME` calls
`evaluate_NAME`, where there is such a function. `--cascade` calls `evaluate_stage1`, `evaluate_stage2` and
`evaluate_stage3`, each if the one before comes up to the next of those thresholds. Other arguments are given to the
function if it has parameters of their names. The environment variable SHINKA_SCORE says which number is the score.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

from shinka_core.evaluation import returned
from shinka_core.evaluation.seal import SEALED, Seal
from shinka_core.evaluation.stand_in import stand_in
from shinka_core.evaluation.told import ERROR_LIMIT, told

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SCORE_VARIABLE = "SHINKA_SCORE"
STAGES = ("evaluate_stage1", "evaluate_stage2", "evaluate_stage3")
MODE = "train"


def main(arguments: list[str]) -> None:
    """Evaluates, writes the two result files, and ends the process, whatever threads the program has left."""
    text_at, path, *rest = arguments
    given = _given(rest)
    program, folder = str(given.pop("program_path")), str(given.pop("results_dir"))
    name = os.environ.pop(SCORE_VARIABLE, "") or None
    seal = Seal()  # before anything of the program is loaded, which then finds nothing to break
    stand_in()
    call = _printed if path.endswith(".sh") else _function(_load(text_at, path), given)
    try:
        metrics, correct, error = returned.as_result(call(path, program, name), name)
    except (Exception, SystemExit) as failure:  # noqa: BLE001
        # The program under test may raise anything at all; whatever it is, it is the result.
        metrics, correct, error = {}, False, told(failure)
    contents = [returned.plain_json(metrics).encode(), json.dumps({"correct": correct, "error": error}).encode()]
    os.makedirs(folder, exist_ok=True)
    for file, content in zip(SEALED, contents, strict=True):  # correct.json last: then the result is complete
        temporary = os.path.join(folder, f".{file}.{os.getpid()}")
        with open(temporary, "wb") as opened:
            opened.write(content)
        os.replace(temporary, os.path.join(folder, file))
    seal.close(contents)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _given(arguments: list[str]) -> dict[str, Any]:
    """What stands behind each `--key`; True where nothing does."""
    given: dict[str, Any] = {}
    key = ""
    for word in arguments:
        if word.startswith("--"):
            key = word[2:]
            given[key] = True
        elif key:
            given[key], key = word, ""
    return given


def _load(text_at: str, path: str) -> ModuleType:
    """The evaluator as a module of its own name, whose helpers are found beside it."""
    if text_at == "-":
        with open(path, "rb") as file:
            text = file.read()
    else:
        descriptor = int(text_at)
        text = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        os.close(descriptor)
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    sys.argv = [path]
    module = ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses and pickling look the module up by name
    exec(compile(text, path, "exec", dont_inherit=True), vars(module))
    return module


def _function(module: ModuleType, given: dict[str, Any]) -> Callable[[str, str, str | None], returned.Returned]:
    """Whatever is to be called for one result."""
    stage, cascade = given.pop("stage", ""), given.pop("cascade", None)

    def evaluate(_: str, program: str, name: str | None) -> returned.Returned:
        sys.argv = [*sys.argv[:1], program]
        if cascade is not None and hasattr(module, STAGES[0]):
            return _cascade(module, program, given, name, [float(bar) for bar in str(cascade).split(",") if bar])
        single = getattr(module, f"evaluate_{stage}", None) if stage else None
        return call(single or module.evaluate, program, given)

    return evaluate


def _cascade(
    module: ModuleType, program: str, given: dict[str, Any], name: str | None, thresholds: list[float]
) -> returned.Returned:
    """Stage after stage, as far as there are functions and thresholds that the one before comes up to."""
    found = call(getattr(module, STAGES[0]), program, given)
    for stage, threshold in zip(STAGES[1:], thresholds, strict=False):
        function = getattr(module, stage, None)
        if function is None:
            break
        if not returned.passes(found, name, threshold):
            if not found.error and found.score(name) is None:
                numbers = ", ".join(f"{key}={value:.6g}" for key, value in found.numbers.items())
                said = [
                    f"the stage before {stage} gave {numbers}; {threshold:g} leads on",
                    returned.told(found.artifacts),
                ]
                found.error = "\n".join(filter(None, said))
            break
        found = returned.merged(found, call(function, program, given))
    return found


def call(function: Callable[..., Any], program: str, given: dict[str, Any]) -> returned.Returned:
    """What the function returns, also one that is awaited."""
    code: Any = getattr(function, "__code__", None)
    names = () if code is None else code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    found = function(program, **{key: value for key, value in given.items() if key in names})
    if hasattr(found, "__await__"):
        import asyncio

        async def wait() -> Any:
            return await found

        found = asyncio.run(wait())
    return returned.read(found)


def _printed(path: str, program: str, name: str | None) -> returned.Returned:
    """What a script prints that is called with the program and a mode: the last line, or the whole, is a JSON object."""
    del name
    done = subprocess.run(["bash", path, program, MODE], stdout=subprocess.PIPE, check=False)
    text = done.stdout.decode("utf-8", "replace").strip()
    for candidate in (text, text.rpartition("\n")[2]):
        try:
            found = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(found, dict):
            return returned.read(found)
    raise RuntimeError(
        f"{path} ended with exit code {done.returncode} and printed no JSON object with status and combined_score"
        + (f"; it printed: {text[-ERROR_LIMIT // 2 :]}" if text else "")
    )
