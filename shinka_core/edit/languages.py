"""Programming languages: names, file extensions, and a syntax check where one is at hand."""

from __future__ import annotations

import ast
import json
import warnings
from pathlib import Path

from shinka_core.errors import ConfigError

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "python": (".py",),
    "cpp": (".cpp", ".cc", ".cxx", ".hpp", ".h"),
    "c": (".c",),
    "cuda": (".cu", ".cuh"),
    "rust": (".rs",),
    "swift": (".swift",),
    "go": (".go",),
    "julia": (".jl",),
    "fortran": (".f90", ".f95", ".f03", ".f"),
    "verilog": (".v", ".sv"),
    "wolfram": (".wl", ".wls", ".m"),
    "java": (".java",),
    "javascript": (".js", ".mjs"),
    "typescript": (".ts",),
    "json": (".json",),
    "markdown": (".md",),
    "yaml": (".yaml", ".yml"),
    "sql": (".sql",),
    "shell": (".sh",),
    "text": (".txt",),
}


def language_of(path: Path, configured: str | None = None) -> str:
    """The language of a program file.

    Args:
        configured: The user's word for it, which wins over the extension.

    Raises:
        ConfigError: `configured` is unknown, or the extension tells nothing.
    """
    if configured is not None:
        if configured not in EXTENSIONS:
            raise ConfigError(f"language={configured!r} is unknown; known: {', '.join(EXTENSIONS)}")
        return configured
    for language, extensions in EXTENSIONS.items():
        if path.suffix.lower() in extensions:
            return language
    raise ConfigError(
        f"the language of {path.name!r} cannot be told from its extension; set language to one of {', '.join(EXTENSIONS)}"
    )


def syntax_error(code: str, language: str) -> str | None:
    """What is wrong with the syntax, in one line, or None when it is right or cannot be checked."""
    try:
        if language == "python":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # invalid escapes and the like are the author's business
                ast.parse(code)
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
