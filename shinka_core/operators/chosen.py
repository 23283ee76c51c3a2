"""The operators of one evolution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shinka_core.errors import ConfigError
from shinka_core.operators.protocol import Operator, asks, made, name_of
from shinka_core.program import PatchType
from shinka_core.registry import Spec

# Takes over where nothing is correct, and where there is no second program to cross with.
FIX, CROSS, ALONE = PatchType.FIX.value, PatchType.CROSS.value, PatchType.DIFF.value


class Operators:
    """Operators by the name that programs have for them.

    Attributes:
        names: Those that the settings choose among, in their order.
    """

    def __init__(self, specs: Sequence[Spec], field: str = "patch_types", *beside: Spec) -> None:
        """Makes them.

        Args:
            field: Of the settings that they stand in, for messages.
            beside: Operators that are not chosen among, but take over now and then.

        Raises:
            ConfigError: There is one that is not there, or that cannot be made so.
        """
        self.names = [name_of(spec) for spec in specs]
        try:
            self._made = {name: made(spec) for name, spec in zip(self.names, specs, strict=True)}
            for spec in (FIX, ALONE, *beside):
                self._made.setdefault(name_of(spec), made(spec))
        except ConfigError as error:
            raise ConfigError(f"{field}: {error}") from error

    def of(self, name: str) -> Operator:
        """The operator of that name, also one that the settings do not choose any more.

        Raises:
            ConfigError: There is none.
        """
        if name not in self._made:
            self._made[name] = made(name)
        return self._made[name]

    def __iter__(self) -> Iterator[Operator]:
        return iter(self._made.values())

    def trials(self, name: str, most: int) -> int:
        """Evaluations that one of its candidates may take on the way, where `most` are allowed."""
        operator = self.of(name)
        return 0 if asks(operator) else min(int(getattr(operator, "trials", most)), most)

    def asking(self, name: str) -> bool:
        """Whether that one needs a model."""
        return asks(self.of(name))
