"""The program an evolution starts from: finding it in a task folder, reading and checking it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from shinka_core.config import EvolutionConfig
from shinka_core.edit import language_of
from shinka_core.edit.blocks import START, has_markers
from shinka_core.edit.evolvable import check_seed
from shinka_core.edit.languages import HEADERS, known_language
from shinka_core.errors import ConfigError
from shinka_core.source import DATA, Source, SourceFile
from shinka_core.source_folder import list_files
from shinka_core.source_text import NotTextError, read_source

# What lies beside a seed program when it was edited, run or checked out.
_LEFT_OVER = frozenset(
    {".bak", ".orig", ".rej", ".swp", ".swo", ".tmp", ".old", ".pyc", ".pyi", ".o", ".obj", ".log", ".out"}
)

# The folder for several of them.
SEVERAL = "initials"


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
    """The file `initial.<ext>` of a task folder, or its folder `initial`.

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
    candidates = [*(sources or known or found), *([folder / "initial"] if (folder / "initial").is_dir() else [])]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ConfigError(
            f"there is no initial.<ext> and no folder initial in {str(folder.resolve())!r}; name the seed program with --initial, "
            "or describe the task (task.md, --task) and name a model that writes it (--model)"
        )
    raise ConfigError(
        f"{str(folder)!r} holds several seed programs ({', '.join(path.name for path in candidates)}); "
        "choose with --initial, or take all but one out"
    )


def find_seed_programs(folder: Path) -> list[Path]:
    """The seed program of a task folder, then each file and folder of its folder `initials`, by name.

    Raises:
        ConfigError: There is none, or more than one that could be the first.
    """
    several = folder / SEVERAL
    others = sorted(
        path
        for path in (several.iterdir() if several.is_dir() else ())
        if not path.name.startswith((".", "__")) and path.suffix.lower() not in _LEFT_OVER
    )
    try:
        return [find_seed_program(folder), *others]
    except ConfigError:
        if not others or any(folder.glob("[iI][nN][iI][tT][iI][aA][lL].*")):
            raise
        return others


def read_more_programs(config: EvolutionConfig, first: SeedProgram) -> list[SeedProgram]:
    """Reads and checks the programs that an evolution is given beside the first one.

    Raises:
        ConfigError: As `read_seed_program`, or they cannot be programs of one evolution.
    """
    programs: list[SeedProgram] = []
    for path in config.more_init_programs:
        programs.append(read_seed_program(config.model_copy(update={"init_program_path": path})))
        check_alike(config, first, programs[-1].source, f"more_init_programs: {path!r}")
    return programs


def blank_program(config: EvolutionConfig) -> SeedProgram:
    """What stands for the first program until a model has written it: nothing, in its language.

    Raises:
        ConfigError: The language is not known.
    """
    path = Path(config.init_program_path)
    return SeedProgram(Source.of("", language_of(path, config.language)), extension=path.suffix)


def check_alike(config: EvolutionConfig, first: SeedProgram, other: Source, name: str) -> None:
    """Refuses a program that cannot be one of the same evolution: candidates of all are kept and shown in one way.

    Raises:
        ConfigError: Names both and what differs.
    """
    if first.source.single != other.single:
        one, two = ("one file", "a folder") if first.source.single else ("a folder", "one file")
        raise ConfigError(
            f"{name} is {two}, and the seed program {config.init_program_path!r} is {one}; give them all in one form"
        )
    if first.source.single and first.language != other.language:
        raise ConfigError(
            f"{name} is {other.language!r}, and the seed program {config.init_program_path!r} is {first.language!r}; "
            "programs of one evolution have one language"
        )


def read_seed_program(config: EvolutionConfig) -> SeedProgram:
    """Reads and checks the seed program.

    Raises:
        ConfigError: It is missing, empty, too large, not in the encoding that it should be in, or its
            EVOLVE-BLOCK markers are broken.
    """
    path = Path(config.init_program_path)
    if path.is_dir():
        return _read_folder(path, config)
    language = language_of(path, config.language)
    if path.exists() and not path.is_file():
        raise ConfigError(
            f"init_program_path={str(path)!r} is no file and no folder; name the seed program, such as initial.py"
        )
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
    if config.allow_new_files:
        raise ConfigError(
            f"allow_new_files=True is for a seed program that is a folder, and init_program_path={str(path)!r} is one file; "
            "put it into a folder initial, or leave allow_new_files out"
        )
    source = Source.of(code, language)
    check_seed(source)
    return SeedProgram(source, extension=path.suffix)


def _read_folder(folder: Path, config: EvolutionConfig) -> SeedProgram:
    name = f"init_program_path={str(folder)!r}"
    if config.language is not None:
        raise ConfigError(
            f"language={config.language!r} is for a seed program of one file; those of {str(folder)!r} are in the "
            "languages of their extensions: leave it out"
        )
    files = list_files(folder)
    if not files:
        raise ConfigError(f"{name} holds no file but hidden ones and caches; put the seed program into it")
    read: list[SourceFile] = []
    room = config.max_data_size
    for path, place in files.items():
        file = _read_file(path, place, room, config)
        room -= file.size if file.is_data else 0
        read.append(file)
    source = Source.folder(read)
    try:
        check_seed(source)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error
    return SeedProgram(source, extension="")


def _read_file(path: str, place: Path, room: int, config: EvolutionConfig) -> SourceFile:
    """One file: a text in the language of its extension, or data."""
    shown = f"{path!r} of the seed program {config.init_program_path!r}"
    language = known_language(place)
    try:
        size = place.stat().st_size
        if language is not None and size > 4 * config.max_program_size:
            raise ConfigError(
                f"{shown} has {size} bytes; max_program_size={config.max_program_size} allows no such text"
            )
        if language is None and size > room:
            raise ConfigError(
                f"the data of the seed program has more bytes than max_data_size={config.max_data_size} allows (with "
                f"{path!r}, which has {size}); leave out what is not needed, have the evaluator hand it over, or raise it"
            )
        content = place.read_bytes()
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror}; make it readable, or take it out") from error
    if language is None and _is_marked(content):
        language = "text"
    if language is None:
        return SourceFile(path, base64.b64encode(content).decode(), DATA)
    try:
        text = read_source(content, language)
    except NotTextError as error:
        raise ConfigError(f"{shown} cannot be read as text: {error}, or give data another extension") from error
    if "\0" in text:
        raise ConfigError(f"{shown} holds a NUL character, which no database stores; remove it")
    return SourceFile(path, text, language)


def _is_marked(content: bytes) -> bool:
    """Whether a file in no known language has EVOLVE-BLOCKs."""
    if START.encode() not in content or b"\0" in content:
        return False
    try:
        return has_markers(content.decode())
    except UnicodeDecodeError:
        return False
