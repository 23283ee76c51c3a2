"""Programming languages: their names and the extensions of their files."""

from __future__ import annotations

from pathlib import Path, PurePath

from shinka_core.errors import ConfigError

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "python": (".py", ".pyw"),
    "cpp": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".h"),
    "c": (".c",),
    "cuda": (".cu", ".cuh"),
    "rust": (".rs",),
    "swift": (".swift",),
    "go": (".go",),
    "julia": (".jl",),
    "fortran": (".f90", ".f95", ".f03", ".f08", ".f", ".for"),
    "verilog": (".v", ".sv"),
    "wolfram": (".wl", ".wls", ".m"),
    "java": (".java",),
    "javascript": (".js", ".mjs", ".cjs", ".jsx"),
    "typescript": (".ts", ".tsx", ".mts"),
    "json": (".json", ".jsonc", ".json5"),
    "markdown": (".md", ".markdown"),
    "yaml": (".yaml", ".yml"),
    "sql": (".sql",),
    "shell": (".sh", ".bash", ".zsh"),
    "text": (".txt",),
    "r": (".r",),
    "lean": (".lean",),
    "haskell": (".hs",),
    "ocaml": (".ml",),
    "scala": (".scala",),
    "kotlin": (".kt", ".kts"),
    "csharp": (".cs",),
    "fsharp": (".fs",),
    "ruby": (".rb",),
    "perl": (".pl", ".pm"),
    "php": (".php",),
    "lua": (".lua",),
    "zig": (".zig",),
    "nim": (".nim",),
    "dart": (".dart",),
    "elixir": (".ex", ".exs"),
    "erlang": (".erl",),
    "clojure": (".clj",),
    "lisp": (".lisp", ".el"),
    "scheme": (".scm", ".ss", ".rkt"),
    "pascal": (".pas", ".pp"),
    "ada": (".adb", ".ads"),
    "assembly": (".asm", ".s"),
    "vhdl": (".vhd", ".vhdl"),
    "metal": (".metal",),
    "opencl": (".cl",),
    "glsl": (".glsl", ".comp", ".frag", ".vert"),
    "mojo": (".mojo",),
    "minizinc": (".mzn",),
    "stan": (".stan",),
    "toml": (".toml",),
    "xml": (".xml", ".svg"),
    "html": (".html", ".htm"),
    "css": (".css",),
    "tex": (".tex",),
}
# A seed program beside its header is no second seed program.
HEADERS = frozenset({".h", ".hh", ".hpp", ".hxx", ".cuh"})

# What models call a language besides its name and its extensions.
_ALIASES: dict[str, frozenset[str]] = {
    "python": frozenset({"python3", "py3", "ipython", "sage"}),
    "cpp": frozenset({"c++", "c"}),
    "c": frozenset({"cpp", "c++"}),
    "cuda": frozenset({"cpp", "c++", "c", "cuda-cpp"}),
    "javascript": frozenset({"node", "typescript", "ts"}),
    "typescript": frozenset({"javascript", "js"}),
    "shell": frozenset({"console", "sh", "bash"}),
    "go": frozenset({"golang"}),
    "fortran": frozenset({"f90", "fortran90"}),
    "verilog": frozenset({"systemverilog"}),
    "wolfram": frozenset({"mathematica", "matlab", "octave"}),
    "csharp": frozenset({"c#"}),
    "fsharp": frozenset({"f#"}),
    "lean": frozenset({"lean4"}),
    "text": frozenset({"plaintext", "plain"}),
    "opencl": frozenset({"c", "cpp"}),
    "metal": frozenset({"cpp", "c++"}),
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
    language = known_language(path)
    if language is None:
        raise ConfigError(
            f"the language of {path.name!r} cannot be told from its extension; set language (evolution: {{language: ...}} "
            f"in evolve.yaml) to one of {', '.join(EXTENSIONS)}; text will do for any other"
        )
    return language


def known_language(path: PurePath) -> str | None:
    """The language that a file's extension stands for, in capitals or not; None when it is unknown."""
    suffix = path.suffix.lower()
    return next((language for language, extensions in EXTENSIONS.items() if suffix in extensions), None)


def is_named(language: str, word: str) -> bool:
    """Whether a word is a name of a language, as info strings of fences have it."""
    return word == language or f".{word}" in EXTENSIONS.get(language, ()) or word in _ALIASES.get(language, ())
