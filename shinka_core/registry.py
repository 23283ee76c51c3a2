"""Interchangeable parts by name: the project's own, those of other packages, and a user's own.

A settings file names a part (`weighted`), names it with parameters (`{name: weighted, sharpness: 5}`), or says
where it is (`my_package.selectors:Greedy`). Other packages offer parts as entry points of the registry's group.
Parts are dataclasses, so that their fields are their parameters, checked and converted by pydantic. A program
may also give the part itself, class or object: settings keep where it is, so that they remain text.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from shinka_core.errors import ConfigError

T = TypeVar("T")
Part = TypeVar("Part", bound=Callable[..., Any])

NAME = "name"

# Objects that a program of this process has given and that cannot be made anew of their fields, by name.
_given: dict[str, object] = {}


def spec_of(part: Any) -> Any:
    """How settings name what a program gives them: a name or a spec is one already.

    A class is named by its place, a dataclass by its place and its fields. Any other object is kept in this process
    under its class's place; a resume in another process has to be given it again.
    """
    if isinstance(part, str | dict) or part is None:
        return part  # pyright: ignore[reportUnknownVariableType]
    kind: Any = part if hasattr(part, "__qualname__") else type(cast(object, part))  # a class or function, or an object
    place = f"{kind.__module__}:{kind.__qualname__}"
    if part is kind:
        return place
    if is_dataclass(part):
        return {NAME: place} | {field.name: getattr(part, field.name) for field in fields(part) if field.init}
    _given[place] = part
    return place


# The type of a setting that names a part.
Spec = Annotated[str | dict[str, Any], BeforeValidator(spec_of)]


class Registry(Generic[T]):
    """The parts of one kind.

    Args:
        kind: In words, for messages: `parent selector`.
        group: Entry points of that group are parts too: `shinka.parents`.
        methods: What a part must have.
    """

    def __init__(self, kind: str, group: str, methods: tuple[str, ...]) -> None:
        self.kind = kind
        self.group = group
        self._methods = methods
        self._parts: dict[str, Callable[..., T]] = {}
        self._places: dict[str, str] = {}

    def register(self, name: str) -> Callable[[Part], Part]:
        """A decorator that makes a class or function known in this process, and leaves it as it is.

        Raises:
            ConfigError: The name is taken.
        """

        def known(part: Part) -> Part:
            if self._parts.get(name, part) is not part:
                raise ConfigError(f"there is a {self.kind} called {name!r} already; choose another name")
            self._parts[name] = part
            return part

        return known

    def lies_in(self, name: str, place: str) -> None:
        """Makes a part known that is loaded when it is named: one that needs more than the rest.

        Args:
            place: `module:attribute`.
        """
        self._places[name] = place

    def names(self) -> list[str]:
        """Every name that settings can use."""
        return sorted({*self._parts, *self._places, *self._offered()})

    def part(self, name: str) -> Callable[..., T]:
        """The class or function behind a name.

        Raises:
            ConfigError: There is none.
        """
        return self._find(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def create(self, spec: str | dict[str, Any] | T, defaults: Mapping[str, Mapping[str, Any]] | None = None) -> T:
        """The part that settings name; an object that already is one is taken as it is.

        Args:
            defaults: Parameters by name of the part, where the spec does not give them.

        Raises:
            ConfigError: There is none, or a parameter is wrong; says which.
        """
        if not isinstance(spec, str | dict):
            return self._checked(cast(T, spec), repr(spec))
        given: dict[str, Any] = {NAME: spec} if isinstance(spec, str) else dict(cast("dict[str, Any]", spec))
        name = given.pop(NAME, None)
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{self.kind} {spec!r} has no name; say {{name: ..., and its parameters}}")
        part = self._find(name)
        return self._checked(self._made(part, name, {**(defaults or {}).get(name, {}), **given}), name)

    def _find(self, name: str) -> Callable[..., T]:
        if name in self._parts:
            return self._parts[name]
        if name in self._places:
            return self._loaded(self._places[name])
        offered = self._offered()
        if name in offered:
            try:
                return cast("Callable[..., T]", offered[name].load())
            except Exception as error:
                raise ConfigError(
                    f"{self.kind} {name!r} of {offered[name].value} cannot be loaded: {error}; mend that package or choose "
                    f"another of {', '.join(self.names())}"
                ) from error
        if name in _given:
            return lambda: cast(T, _given[name])
        if ":" in name:
            return self._loaded(name)
        near = difflib.get_close_matches(name, self.names(), n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.names())}, or module:attribute"
        raise ConfigError(f"there is no {self.kind} {name!r}; {remedy}")

    def _loaded(self, place: str) -> Callable[..., T]:
        module, _, path = place.partition(":")
        try:
            found: Any = import_module(module)
            for part in path.split("."):
                found = getattr(found, part)
        except Exception as error:
            raise ConfigError(
                f"{self.kind} {place!r} cannot be loaded: {type(error).__name__}: {error}; name module:attribute of "
                "something that this Python can import"
            ) from error
        return cast("Callable[..., T]", found if callable(found) else (lambda: found))

    def _made(self, part: Callable[..., T], name: str, parameters: dict[str, Any]) -> T:
        kind = cast(Any, part)  # a class or a function
        if isinstance(kind, type) and is_dataclass(kind):
            known = [field.name for field in fields(kind) if field.init]
            for given in parameters:
                if given not in known:
                    near = difflib.get_close_matches(given, known, n=1)
                    remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
                    raise ConfigError(f"{self.kind} {name!r} has no parameter {given!r}; {remedy}")
            try:
                return cast(T, TypeAdapter[Any](kind).validate_python(parameters))
            except PydanticSchemaGenerationError as error:
                raise ConfigError(
                    f"{self.kind} {name!r} has a field that is no parameter ({str(error).splitlines()[0]}); make it in "
                    "__post_init__, without naming it among the fields"
                ) from error
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise ConfigError(
                    f"{self.kind} {name!r}: {where}={first['input']!r}: {first['msg']}; correct it"
                ) from error
        try:
            return part(**parameters)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{self.kind} {name!r} cannot be made of {parameters}: {error}") from error

    def _checked(self, made: T, name: str) -> T:
        missing = [method for method in self._methods if not callable(getattr(made, method, None))]
        if missing:
            raise ConfigError(f"{self.kind} {name} has no method {missing[0]!r}, which every {self.kind} has")
        return made

    def _offered(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}
