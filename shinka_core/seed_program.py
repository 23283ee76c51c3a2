"""The program an evolution starts from: finding it in a task folder, reading and checking it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shinka_core.config import EvolutionConfig
from shinka_core.edit import check_seed_program, language_of
from shinka_core.edit.languages import HEADERS, known_language
from shinka_core.errors import ConfigError
from shinka_core.source import Source
from shinka_core.source_text import NotTextError, read_source

# What lies beside a seed program when it was edited, run or checked out.
_LEFT_OVER = frozenset(
    {".bak", ".orig", ".rej", ".swp", ".swo", ".tmp", ".old", ".pyc", ".pyi", ".o", ".obj", ".log", ".out"}
)


@dataclass(frozen=True, slots=True)
class SeedProgram:
    """The program an evolution starts from.

    Attributes:
        source: With byte-order marks and line ends as they are in the files.
        extension: Of the file, with its dot; candidates get the same.
    """

    source: Source
    extension: str

    @property
    def code(self) -> str:
        """The text of a program that is one file.

        Raises:
            ValueError: It has several.
        """
        return self.source.text

    @property
    def language(self) -> str:
        """What most of it is written in."""
        return self.source.language


def find_seed_program(folder: Path) -> Path:
    """The file `initial.<ext>` of a task folder.

    Raises:
        ConfigError: There is none, or more than one that could be meant.
    """
    found = sorted(
        path
        for path in folder.glob("[iI][nN][iI][tT][iI][aA][lL].*")
        if path.stem.lower() == "initial" and path.suffix.lower() not in _LEFT_OVER and path.is_file()
    )
    known = [path for path in found if known_language(path) is not None]
    sources = [path for path in known if path.suffix.lower() not in HEADERS]
    candidates = sources or known or found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ConfigError(
            f"there is no initial.<ext> in {str(folder.resolve())!r}; name the seed program with --initial"
        )
    raise ConfigError(
        f"{str(folder)!r} holds several seed programs ({', '.join(path.name for path in candidates)}); "
        "choose with --initial"
    )


def read_seed_program(config: EvolutionConfig) -> SeedProgram:
    """Reads and checks the seed program.

    Raises:
        ConfigError: It is missing, empty, not in the encoding that it should be in, or its
            EVOLVE-BLOCK markers are broken.
    """
    path = Path(config.init_program_path)
    language = language_of(path, config.language)
    if path.exists() and not path.is_file():
        raise ConfigError(f"init_program_path={str(path)!r} is no file; name the seed program, such as initial.py")
    try:
        code = read_source(path.read_bytes(), language)
    except FileNotFoundError as error:
        raise ConfigError(
            f"init_program_path={str(path)!r} does not exist (working directory {Path.cwd()}); "
            "name a seed program, or run inside the task's folder"
        ) from error
    except (OSError, NotTextError) as error:
        raise ConfigError(f"init_program_path={str(path)!r} cannot be read as text: {error}") from error
    if "\0" in code:
        raise ConfigError(f"init_program_path={str(path)!r} holds a NUL character, which no database stores; remove it")
    check_seed_program(code, language)
    return SeedProgram(Source.of(code, language), extension=path.suffix)
