"""The reference of what `shinka` exports, read from signatures and docstrings: `python -m tests.docs.api_reference --write`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

import flows.evaluating  # noqa: F401 - evaluations as flow runs are registered there
from shinka_core.registry import Registry
from tests.docs.made import Made
from tests.docs.pages import DOCS

MODULES = (
    "shinka",
    "shinka.core",
    "shinka.database",
    "shinka.launch",
    "shinka.llm",
    "shinka.operators",
    "shinka.population",
    "shinka.beside",
    "shinka.trackers",
    "shinka.errors",
    "shinka.testing",
)
WIDTH = 110
SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Source|Example|Examples|Note):$")


def text() -> str:
    """All modules with what they export; what two of them do is told at the first."""
    told: dict[int, str] = {}
    parts: list[str] = []
    for name in MODULES:
        module = importlib.import_module(name)
        parts += [f"## `{name}`", "", _escaped(_first(module)), ""]
        for export in module.__all__:
            thing = getattr(module, export)
            if id(thing) in told:
                parts += [f"- `{export}`: as [`{told[id(thing)]}.{export}`](#{_anchor(told[id(thing)], export)})", ""]
                continue
            told[id(thing)] = name
            parts += [f"### `{name}.{export}`", "", *_entry(export, thing)]
    return "\n".join(parts)


def _anchor(module: str, export: str) -> str:
    return f"{module}{export}".replace(".", "").lower()


def _entry(name: str, thing: Any) -> Iterator[str]:
    """Kind and signature, docstring, methods."""
    if isinstance(thing, Registry):
        yield from ("A registry; by name: " + ", ".join(f"`{each}`" for each in thing) + ".", "")
        return
    if get_origin(thing) is not None:
        kinds = [get_args(each)[0] if get_origin(each) is Annotated else each for each in get_args(get_args(thing)[0])]
        yield from ("One of " + ", ".join(f"`{kind.__name__}`" for kind in kinds) + ".", "")
        return
    if not callable(thing):
        yield from (f"`{thing!r}`", "")
        return
    if isinstance(thing, type) and issubclass(thing, BaseModel):
        yield from (*_docstring(thing), "All fields are in the [reference of settings](settings.md).", "")
        return
    if isinstance(thing, type) and issubclass(thing, Enum):
        yield from (*_docstring(thing), "One of " + ", ".join(f"`{each.name}`" for each in thing) + ".", "")
        return
    yield from ("```text", _signature(name, thing), "```", "", *_docstring(thing))
    if isinstance(thing, type) and not issubclass(thing, BaseException):
        for method, function in _methods(thing):
            property_ = isinstance(vars(thing)[method], property)
            said = f"{name}.{method}" if property_ else _signature(f"{name}.{method}", function)
            yield from ("```text", said, "```", "", *_docstring(function))


def _methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Its own public methods that say what they do, in their order."""
    for name, member in vars(kind).items():
        function = getattr(member, "__func__", member)
        if isinstance(function, property):
            function = function.fget
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _signature(name: str, thing: Any) -> str:
    """One line, or a line for each parameter."""
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return name
    kind = "async " if inspect.iscoroutinefunction(thing) else ""
    if getattr(thing, "_is_protocol", False):
        return f"protocol {name}"
    arguments = list(_arguments(signature))
    returned = signature.return_annotation
    result = "" if isinstance(thing, type) or returned is inspect.Signature.empty else f" -> {_plain(returned)}"
    line = f"{kind}{name}({', '.join(arguments)}){result}"
    if len(line) <= WIDTH:
        return line
    return f"{kind}{name}(\n" + "".join(f"    {each},\n" for each in arguments) + f"){result}"


def _arguments(signature: inspect.Signature) -> Iterator[str]:
    """Without the object itself, and with the star before what is given by name alone."""
    starred = False
    for each in signature.parameters.values():
        if each.name in ("self", "cls"):
            continue
        starred = starred or each.kind is each.VAR_POSITIONAL
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        typed = "" if each.annotation is each.empty else f": {_plain(each.annotation)}"
        # A default that is made for each call, or stands for nothing, has no form of its own.
        default = "..." if " object at 0x" in repr(each.default) or "<" in repr(each.default) else repr(each.default)
        equal = " = " if typed else "="
        yield f"{stars}{each.name}{typed}" + ("" if each.default is each.empty else f"{equal}{default}")


def _plain(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else re.sub(r"\b(\w+\.)+(?=\w)", "", str(annotation))


def _docstring(thing: Any) -> Iterator[str]:
    """Google's sections as lists."""
    said = inspect.cleandoc(thing.__doc__ or "")
    if dataclasses.is_dataclass(thing) and said.startswith(f"{getattr(thing, '__name__', '')}("):
        return  # made by dataclass itself
    section, fenced = "", False
    for line in said.splitlines():
        if found := SECTION.fullmatch(line):
            section = found[1]
            yield from (f"**{section}**", "")
        elif section and line.startswith("    ") and not line.startswith("     "):
            named = re.match(r"\*{0,2}[\w.]+(?: \([^)]*\))?: ", line.strip())
            marked = (
                f"`{named[0][:-2]}`: {_escaped(line.strip()[len(named[0]) :])}" if named else _escaped(line.strip())
            )
            yield f"- {marked}"
        elif section and line.strip():
            yield f"  {_escaped(line.strip())}"
        elif line.startswith("    ") and not fenced:
            fenced = True
            yield from ("```text", line[4:])
        else:
            if fenced and not line.startswith("    "):
                fenced = False
                yield "```"
            yield line[4:] if fenced else _escaped(line)
    if fenced:
        yield "```"
    yield ""


def _escaped(said: str) -> str:
    """Prose in which nothing is markup but what stands between backticks."""
    parts = re.split(r"(`[^`]*`)", said)
    return "".join(
        part if part.startswith("`") else re.sub(r"([*\[\]_|])", r"\\\1", part).replace("<", "&lt;") for part in parts
    )


def _first(module: Any) -> str:
    return " ".join((module.__doc__ or "").split("\n\n")[0].split())


DOCUMENT = Made(DOCS / "api.md", text)

if __name__ == "__main__":
    DOCUMENT.main()
