"""Languages of programs: their names, what else people and models call them, and the extensions of their files."""

from __future__ import annotations

import difflib
from pathlib import Path, PurePath

from shinka_core.errors import ConfigError

# Of an extension that several have, the first one is meant unless another is named.
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
    "verilog": (".v", ".sv", ".vh", ".svh"),
    "wolfram": (".wl", ".wls", ".m"),
    "java": (".java",),
    "javascript": (".js", ".mjs", ".cjs", ".jsx"),
    "typescript": (".ts", ".tsx", ".mts"),
    "json": (".json", ".jsonc", ".json5"),
    "markdown": (".md", ".markdown"),
    "yaml": (".yaml", ".yml"),
    "sql": (".sql",),
    "shell": (".sh", ".bash", ".zsh"),
    "text": (".txt", ".prompt"),
    "r": (".r",),
    "lean": (".lean",),
    "haskell": (".hs", ".lhs"),
    "ocaml": (".ml", ".mli"),
    "scala": (".scala", ".sc"),
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
    "prolog": (".prolog", ".pl"),
    "matlab": (".m",),
    "gleam": (".gleam",),
    "crystal": (".cr",),
    "coq": (".v",),
    "isabelle": (".thy",),
    "agda": (".agda",),
    "idris": (".idr",),
    "dafny": (".dfy",),
    "tla": (".tla",),
    "smtlib": (".smt2",),
    "answer_set": (".lp",),
    "solidity": (".sol",),
    "powershell": (".ps1", ".psm1"),
    "awk": (".awk",),
    "llvm": (".ll",),
    "ptx": (".ptx",),
    "wgsl": (".wgsl",),
    "hlsl": (".hlsl",),
    "openscad": (".scad",),
    "jinja": (".j2", ".jinja", ".jinja2"),
}
# A seed program beside its header is no second seed program.
HEADERS = frozenset({".h", ".hh", ".hpp", ".hxx", ".cuh", ".vh", ".svh", ".mli"})

# What else people call a language; each word stands for one.
ALIASES: dict[str, str] = {
    "py": "python", "python3": "python", "py3": "python", "ipython": "python", "sage": "python", "triton": "python",
    "c++": "cpp", "cxx": "cpp", "cc": "cpp", "cplusplus": "cpp", "c++11": "cpp", "c++14": "cpp", "c++17": "cpp",
    "c++20": "cpp", "c++23": "cpp",
    "cu": "cuda", "cuda-cpp": "cuda", "cuda-c": "cuda",
    "rs": "rust", "golang": "go", "jl": "julia",
    "f90": "fortran", "f95": "fortran", "fortran90": "fortran", "fortran95": "fortran",
    "sv": "verilog", "systemverilog": "verilog",
    "wl": "wolfram", "wls": "wolfram", "mathematica": "wolfram", "wolframscript": "wolfram", "wolfram-language": "wolfram",
    "js": "javascript", "node": "javascript", "nodejs": "javascript", "ecmascript": "javascript", "jsx": "javascript",
    "ts": "typescript", "tsx": "typescript",
    "json5": "json", "jsonc": "json",
    "md": "markdown", "yml": "yaml",
    "sh": "shell", "bash": "shell", "zsh": "shell", "console": "shell", "shellscript": "shell",
    "txt": "text", "plaintext": "text", "plain": "text", "prompt": "text",
    "rlang": "r", "rscript": "r",
    "lean4": "lean", "lean3": "lean",
    "hs": "haskell", "ml": "ocaml", "kt": "kotlin", "kts": "kotlin",
    "c#": "csharp", "cs": "csharp", "f#": "fsharp", "fs": "fsharp",
    "rb": "ruby", "pl": "perl", "ex": "elixir", "erl": "erlang", "clj": "clojure",
    "racket": "scheme", "commonlisp": "lisp", "common-lisp": "lisp", "elisp": "lisp",
    "delphi": "pascal", "asm": "assembly", "nasm": "assembly",
    "cl": "opencl", "mzn": "minizinc", "latex": "tex", "svg": "xml", "htm": "html",
    "octave": "matlab", "rocq": "coq", "smt": "smtlib", "smt2": "smtlib", "asp": "answer_set",
    "clingo": "answer_set", "ps1": "powershell", "jinja2": "jinja",
}  # fmt: skip

# Names that models write over a program that is in another language of the same kind.
_RELATED: dict[str, frozenset[str]] = {
    "cpp": frozenset({"c"}),
    "c": frozenset({"cpp"}),
    "cuda": frozenset({"cpp", "c"}),
    "javascript": frozenset({"typescript"}),
    "typescript": frozenset({"javascript"}),
    "wolfram": frozenset({"matlab"}),
    "opencl": frozenset({"c", "cpp"}),
    "metal": frozenset({"cpp"}),
    "hlsl": frozenset({"glsl", "cpp"}),
    "answer_set": frozenset({"prolog"}),
}

# By what opens a comment and closes it.
_COMMENTS = {
    ("# ", ""): (
        "text", "python", "shell", "r", "julia", "ruby", "perl", "elixir", "nim", "mojo", "yaml", "toml", "crystal", "powershell",
        "awk",
    ),
    ("// ", ""): (
        "c", "cpp", "csharp", "cuda", "dart", "fsharp", "glsl", "go", "java", "javascript", "json", "kotlin", "metal",
        "opencl", "pascal", "php", "rust", "scala", "stan", "swift", "typescript", "verilog", "zig", "gleam",
        "dafny", "solidity", "ptx", "wgsl", "hlsl", "openscad",
    ),
    ("-- ", ""): ("ada", "haskell", "lean", "lua", "sql", "vhdl", "agda", "idris"),
    ("! ", ""): ("fortran",),
    ("% ", ""): ("erlang", "minizinc", "tex", "prolog", "answer_set", "matlab"),
    ("; ", ""): ("clojure", "lisp", "scheme", "assembly", "smtlib", "llvm"),
    ("(* ", " *)"): ("ocaml", "wolfram", "coq", "isabelle", "tla"),
    ("/* ", " */"): ("css",),
    ("<!-- ", " -->"): ("html", "markdown", "xml"),
    ("{# ", " #}"): ("jinja",),
}  # fmt: skip
COMMENT: dict[str, tuple[str, str]] = {
    language: marks for marks, languages in _COMMENTS.items() for language in languages
}


def canonical(word: str) -> str | None:
    """Our name for what somebody calls a language, in capitals or not, a file extension too; None when it is unknown."""
    known = word.strip().lower().removeprefix(".")
    if known in EXTENSIONS:
        return known
    return ALIASES.get(known) or known_language(PurePath(f"x.{known}"))


def nearest(word: str) -> str:
    """The known name that a word is most like; "" when it is like none."""
    near = difflib.get_close_matches(word.strip().lower(), [*EXTENSIONS, *ALIASES], n=1)
    return near[0] if near else ""


def language_of(path: Path, configured: str | None = None) -> str:
    """The language of a program file.

    Args:
        configured: The user's word for it, which wins over the extension.

    Raises:
        ConfigError: `configured` is unknown, or the extension tells nothing.
    """
    if configured is not None:
        named = canonical(configured)
        if named is None:
            near = nearest(configured)
            guess = f"did you mean {near!r}? Or " if near else ""
            raise ConfigError(
                f"language={configured!r} is unknown; {guess}say text, which will do for any other; known: {', '.join(EXTENSIONS)}"
            )
        return named
    language = known_language(path)
    if language is None:
        raise ConfigError(
            f"the language of {path.name!r} cannot be told from its extension; set language (--language, or evolution: "
            f"{{language: ...}} in evolve.yaml) to one of {', '.join(EXTENSIONS)}; text will do for any other"
        )
    return language


def known_language(path: PurePath) -> str | None:
    """The language that a file's extension stands for, in capitals or not; None when it is unknown."""
    suffix = path.suffix.lower()
    return next((language for language, extensions in EXTENSIONS.items() if suffix in extensions), None)


def is_named(language: str, word: str) -> bool:
    """Whether a word is a name of a language, as info strings of fences have it."""
    return (
        f".{word}" in EXTENSIONS.get(language, ())
        or (named := ALIASES.get(word, word)) == language
        or (named in _RELATED.get(language, ()))
    )
