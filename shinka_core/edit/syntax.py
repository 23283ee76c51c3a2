"""A syntax check where one is at hand: Python, by the interpreter that is to run it, JSON, and what has a grammar here.

It is there to save evaluations, so it never refuses what may be right: a program whose parent does
not pass is not checked, and what this interpreter refuses is shown to the evaluator's own. Grammars that do not know
all of their language, or nothing of its macros, only confirm that a bracket or a block is not closed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache

from shinka_core.edit.evolvable import evolvable_files
from shinka_core.edit.structure import unclosed
from shinka_core.grammars import first_error
from shinka_core.python_tree import python_tree
from shinka_core.source import Source
from shinka_core.source_text import NotTextError, plain, source_bytes

# Characters up to which a program is parsed in this process: parsing keeps every other thread waiting.
SMALL = 25_000
PARSE = (
    "import ast,sys,warnings\n"
    "warnings.simplefilter('ignore')\n"
    "try: compile(sys.stdin.buffer.read(), 'program', 'exec', ast.PyCF_ONLY_AST)\n"
    "except SyntaxError as e:\n"
    "    print(f'line {e.lineno}: {e.msg}: {(e.text or \"\").strip()[:200]}'.encode('utf-8', 'replace').decode()); sys.exit(9)\n"
)
WRONG = 9
PATIENCE = 20.0
# Grammars that understood every file of real projects that they were shown: what these refuse is wrong.
COMPLETE = frozenset({"go", "java", "javascript", "rust"})


def new_syntax_error(code: str, parent: str, language: str, python: str | None = None) -> str | None:
    """What is wrong with the syntax of a changed program, in one line; None when nothing is known to be.

    Args:
        parent: What it was made from; where that does not pass, nothing is checked.
        python: The interpreter that runs the program, when it is not this one; it alone knows its syntax.
    """
    problem = checked_syntax(code, language, python)
    if problem is None or _known_syntax(parent, language, python) is not None:
        return None
    if language in ("python", "json", *COMPLETE):
        return problem
    return None if unclosed(plain(parent), language) else unclosed(plain(code), language)


def checked_syntax(code: str, language: str, python: str | None = None) -> str | None:
    """What the check of a program says, in one line; None when it finds nothing or there is none for the language.

    Args:
        python: The interpreter that runs the program, when it is not this one.
    """
    if language == "python" and python is not None:
        return _asked(plain(code), python)
    if language in ("python", "json"):
        return syntax_error(code, language)
    return first_error(plain(code), language)


def why_unchecked(source: Source, python: str | None = None) -> str:
    """Why the changes of a seed program will not be checked: what the check says of the seed itself; "" when it passes.

    Args:
        python: The interpreter that runs the program, when it is not this one.
    """
    for file in evolvable_files(source):
        problem = checked_syntax(file.text, file.language, python)
        if problem is not None:
            return problem if source.single else f"{file.path}: {problem}"
    return ""


# The parents of a run are few, and every one of their children asks.
_known_syntax = lru_cache(maxsize=64)(checked_syntax)


def syntax_error(code: str, language: str) -> str | None:
    """What is wrong with the syntax, in one line, or None when it is right or cannot be checked."""
    code = plain(code)
    try:
        if language == "python":
            if len(code) > SMALL:
                return _asked(code, sys.executable)
            python_tree(code)
        elif language == "json":
            json.loads(code)
    except SyntaxError as error:
        line = (error.text or "").strip()
        return f"line {error.lineno}: {error.msg}: {line}" if line else f"line {error.lineno}: {error.msg}"
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None


def _asked(code: str, python: str) -> str | None:
    """What an interpreter says to a program, in a process of its own; None when it says nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", PARSE],
            input=source_bytes(code, "python"),
            capture_output=True,
            timeout=PATIENCE,
            env=environment | {"PYTHONIOENCODING": "utf-8:replace"},
            check=False,
        )
    except (OSError, subprocess.SubprocessError, NotTextError):
        return None
    if done.returncode != WRONG:
        return None
    return done.stdout.decode("utf-8", "replace").strip()[:500].removesuffix(":") or "invalid syntax"
