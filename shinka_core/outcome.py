"""How a generation ends, and who is to blame when it does not end well.

A `Recorded` or `Rejected` generation is used up: it has a program, or a model's edits that never
made one. A `Failed` one is closed as well: something broke that is not expected to mend. A `SetAside`
one is not closed: what it stands on (a model, the evaluator's host, the database) failed, and the run
decides with the others whether that is an outage. An `Open` one is not closed: a resume takes it up
where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.errors import Blame
from shinka_core.program import Failure, Program


@dataclass(frozen=True, slots=True)
class Recorded:
    """The generation's program is in the database, correct or not."""

    program: Program


@dataclass(frozen=True, slots=True)
class Rejected:
    """No answer became a novel candidate within the attempts that the settings allow."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Failed:
    """The generation is closed without a program because something broke."""

    failure: Failure
    blame: Blame


@dataclass(frozen=True, slots=True)
class SetAside:
    """The generation is open, since what it stands on failed.

    Attributes:
        answered: The models gave answers or refused this generation's prompts alone; trying it again would
            ask the same.
    """

    failure: Failure
    blame: Blame
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """The run ends before the generation does; what it has so far is in the journal."""

    reason: str


Outcome = Recorded | Rejected | Failed | SetAside | Open
