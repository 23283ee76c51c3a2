"""Programs that an evaluator should not fall for, made of the seed program.

They do to it what models come upon by themselves once it pays: crash, hang, leave at once, write the result files,
return what is no number, print without end, take all memory. None reaches out of this machine.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass, replace

from shinka_core.edit.blocks import find_blocks, has_markers
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.source import Source, SourceFile

# Numbers that no honest program of a task is likely to have.
FORGED = 987_654_321.0
BROKEN = ")]} this is no program ([{"
# What the greedy ones take; the limits that they are given are lower.
GREED_MB, GREED_PROCESSES = 1_536, 90
TRACE = ".check_task_was_here"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A program that an evaluator should not fall for.

    Attributes:
        name: In a few words, what it does.
        kind: Which of them it is: `broken`, `endless`, `leaves`, `forges`, `nan`, `flood`, `memory`, `processes`,
            `looks`.
    """

    name: str
    kind: str
    source: Source


_NAMES = {
    "broken": "does not parse",
    "endless": "never ends",
    "leaves": "leaves at once",
    "forges": "writes the results itself",
    "nan": "returns NaN",
    "flood": "prints 20 MB",
    "memory": f"takes {GREED_MB} MB",
    "processes": f"starts {GREED_PROCESSES} processes",
    "looks": "looks around",
}

_RESULTS = (
    "import json, os, sys\n"
    "_given = [str(word) for word in sys.argv]\n"
    "_out = next((b for a, b in zip(_given, _given[1:]) if a == '--results_dir'), 'results')\n"
)
_PYTHON = {
    "endless": "while True:\n    pass\n",
    "leaves": "import os\nos._exit(0)\n",
    "forges": _RESULTS
    + "os.makedirs(_out, exist_ok=True)\n"
    + f"open(os.path.join(_out, 'metrics.json'), 'w').write(json.dumps({{'combined_score': {FORGED}, 'public': {{}}}}))\n"
    + "open(os.path.join(_out, 'correct.json'), 'w').write(json.dumps({'correct': True, 'error': None}))\n"
    + "os._exit(0)\n",
    "flood": "import sys\nfor _ in range(10_000):\n    print('x' * 1_000)\n    print('y' * 1_000, file=sys.stderr)\n",
    "memory": f"_kept = [bytearray(b'x') * 1_000_000 for _ in range({GREED_MB})]\n",
    "processes": "import subprocess, sys\n"
    + f"_others = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)']) for _ in range({GREED_PROCESSES})]\n",
    "looks": _RESULTS
    + textwrap.dedent("""\
        import socket
        _seen = {}
        def _tried(name, deed):
            try:
                _seen[name] = bool(deed())
            except BaseException:
                _seen[name] = False
        _folder = os.path.dirname(os.path.abspath(_given[0] if _given and os.path.exists(_given[0]) else '.'))
        def _writes():
            path = os.path.join(_folder, @TRACE@)
            open(path, 'w').write('x')
            return True
        _tried('network', lambda: socket.create_connection(('127.0.0.1', @PORT@), 2))
        _tried('home', lambda: [name for name in os.listdir(os.path.expanduser('~')) if name in @HOME@])
        _tried('writes', _writes)
        try:
            open(os.path.join(_out, 'probe.json'), 'w').write(json.dumps(_seen))
        except OSError:
            pass
        """),
}
_NAN = """
for _name, _value in list(globals().items()):
    if isinstance(_value, type) or not callable(_value) or _name.startswith('_'):
        continue
    _mine = getattr(getattr(_value, '__wrapped__', _value), '__globals__', None) is globals()
    if _mine or getattr(_value, '__module__', None) == __name__:
        globals()[_name] = lambda *_a, **_k: float('nan')
"""

# Statements of other languages, at the beginning of `main` or of the program.
_SNIPPETS: dict[str, dict[str, str]] = {
    "c": {"endless": "volatile int stay_ = 1; while (stay_) { }", "leaves": "return 0;"},
    "cpp": {"endless": "volatile int stay_ = 1; while (stay_) { }", "leaves": "return 0;"},
    "cuda": {"endless": "volatile int stay_ = 1; while (stay_) { }", "leaves": "return 0;"},
    "rust": {"endless": "loop { std::hint::spin_loop(); }", "leaves": "if std::process::id() > 0 { return; }"},
    "go": {"endless": "for i := 0; i >= 0; { _ = i }", "leaves": "if true { return }"},
    "java": {
        "endless": "for (int stay = 0; stay == 0; ) { }",
        "leaves": "if (System.nanoTime() != 42L) { return; }",
    },
    "javascript": {"endless": "while (true) { }", "leaves": "process.exit(0);"},
    "typescript": {"endless": "while (true) { }", "leaves": "process.exit(0);"},
    "perl": {"endless": "while (1) { }", "leaves": "exit 0;"},
    "ruby": {"endless": "loop { }", "leaves": "exit!(0)"},
    "r": {"endless": "repeat { }", "leaves": "quit(status = 0)"},
    "julia": {"endless": "while true end", "leaves": "exit(0)"},
    "lua": {"endless": "while true do end", "leaves": "os.exit(0)"},
    "shell": {"endless": "while :; do :; done", "leaves": "exit 0"},
    "php": {"endless": "while (true) { }", "leaves": "exit(0);"},
}
# What is read and never run: whatever stands there is some text of that kind.
_READ = frozenset({"markdown", "text", "html", "tex", "jinja", "css"})
# They begin where their `main` does; the others at their first line.
_WITH_MAIN = frozenset({"c", "cpp", "cuda", "rust", "go", "java"})
_MAIN = re.compile(r"\bmain\s*\([^)]*\)[^{;]*\{")


def hostile_programs(seed: Source, *, port: int = 0, in_home: tuple[str, ...] = ()) -> list[Hostile]:
    """The hostile programs that can be made of a seed program; fewer where its language is not known well.

    Args:
        port: Of a listener on this machine, that the one that looks around tries to reach.
        in_home: Names in the home folder that it looks for.
    """
    files = evolvable_files(seed)
    first = next((file for file in files if file.language == "python"), files[0])
    made: list[Hostile] = []
    for kind, name in _NAMES.items():
        text = _text(kind, first)
        if text is not None:
            told = text.replace("@PORT@", str(port)).replace("@HOME@", repr(in_home)).replace("@TRACE@", repr(TRACE))
            changed = replace(first, text=told)
            files = [changed if file.path == first.path else file for file in seed.files]
            made.append(Hostile(name, kind, Source(tuple(files)) if seed.single else Source.folder(files)))
    return made


def _text(kind: str, file: SourceFile) -> str | None:
    """The program that does it; None where it cannot be made in that language."""
    if kind == "broken":
        if file.language in _READ:
            return None
        text = _with(file.text, BROKEN + "\n", _block_start(file.text))
        # A marker may stand in a text, where it breaks nothing.
        return f"{BROKEN}\n{file.text}" if file.language == "python" and _parses(text) else text
    if file.language == "python":
        if kind == "nan":
            return _with(whole := _ended(file.text), _NAN, _behind_functions(whole))
        return _with(file.text, _PYTHON[kind], _python_start(file.text))
    snippet = _SNIPPETS.get(file.language, {}).get(kind)
    if snippet is None:
        return None
    if file.language not in _WITH_MAIN:
        return _with(file.text, f"{snippet}\n", _script_start(file.text))
    found: re.Match[str] | None = _MAIN.search(file.text)
    return None if found is None else _with(file.text, f" {snippet} ", found.end())


def _with(text: str, addition: str, position: int) -> str:
    return text[:position] + addition + text[position:]


def _block_start(text: str) -> int:
    return find_blocks(text)[0].start if has_markers(text) else 0


def _python_start(text: str) -> int:
    """Behind the docstring and the imports from `__future__`, so that what stands there runs first."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return _block_start(text)
    line = 0
    for number, statement in enumerate(body):
        docstring = number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            break
        line = statement.end_lineno or 0
    return sum(map(len, text.splitlines(keepends=True)[:line]))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _behind_functions(text: str) -> int:
    """Where all functions are there and none was called by what follows: behind the last one, before what the program does."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return len(text)
    defined = [one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    line = (defined[-1].end_lineno or 0) if defined else 0
    return sum(map(len, text.splitlines(keepends=True)[:line])) if line else len(text)


def _script_start(text: str) -> int:
    """Behind a first line that says what runs the program."""
    opening = re.match(r"(?:#!|<\?php)[^\n]*\n", text)
    return opening.end() if opening else 0
