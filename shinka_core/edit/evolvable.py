"""Which files of a program may change, and in what.

A file with EVOLVE-BLOCKs may change inside them. Where no file of a folder has one, the files in programming
languages may change as a whole, as a single file without markers may; data, settings and prose never do then.
"""

from __future__ import annotations

from shinka_core.edit.blocks import START, block_texts, check_seed_program, has_markers, mention_of
from shinka_core.errors import ConfigError
from shinka_core.source import Source, SourceFile

# What stands beside a program more often than it is one.
NO_PROGRAMS = frozenset({"text", "markdown", "json", "yaml", "toml", "xml", "html", "css", "tex", "jinja"})


def evolvable_files(source: Source) -> tuple[SourceFile, ...]:
    """The files that may change, in order; the one file of a program that is no folder."""
    if source.single:
        return source.files
    texts = [file for file in source.files if not file.is_data]
    marked = tuple(file for file in texts if has_markers(file.text))
    return marked or tuple(file for file in texts if file.language not in NO_PROGRAMS)


def evolvable_texts(source: Source) -> list[tuple[SourceFile, str]]:
    """What may change of each of these files: the contents of its EVOLVE-BLOCKs, or all of it."""
    return [(file, "\n".join(block_texts(file.text))) for file in evolvable_files(source)]


def check_seed(source: Source) -> None:
    """Refuses a seed program that nothing could be evolved from.

    Raises:
        ConfigError: Nothing may change, or markers do not pair up; the file is named.
    """
    if source.single:
        check_seed_program(source.text, source.language)
        return
    marked = False
    for file in source.files:
        if (
            file.is_data
            or mention_of(file.text) is None
            or (file.language in NO_PROGRAMS and not has_markers(file.text))
        ):
            continue
        marked = True
        try:
            check_seed_program(file.text, file.language)
        except ConfigError as error:
            raise ConfigError(f"{file.path}: {error}") from error
    files = evolvable_files(source)
    if not any(text.strip("\ufeff").strip() for _, text in evolvable_texts(source)):
        what = "its files are empty" if files else "none of its files is in a programming language"
        raise ConfigError(
            f"nothing of the seed program may change: {what if not marked else 'every EVOLVE-BLOCK is empty'}; put "
            f"comments with {START} and EVOLVE-BLOCK-END around each part that is to be improved"
        )
