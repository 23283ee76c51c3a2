"""Improvements and setbacks of a run: a fold over its record."""

from __future__ import annotations

from shinka_core.errors import Blame
from shinka_core.highlights import MOST_SETBACKS, Highlights
from shinka_core.program import Failure, Program
from shinka_core.record import Ended, Event, Pull, recorded, replay
from shinka_core.source import Source


def program(generation: int, score: float | None, pull: Pull | None = None, **fields: object) -> Event:
    made = Program(
        f"p{generation}", generation, Source.of("x", "python"), 0, score=score, **{"correct": True, **fields}
    )  # type: ignore[arg-type]
    return recorded(made, generation + 10, (0,), None, () if pull is None else (Pull("full", "x"), pull))


def test_every_improvement_is_kept_with_how_it_was_made_and_when() -> None:
    last = Pull("diff", "m", idea_id="i")
    highlights = Highlights()
    replay(
        [
            program(0, 1.0),
            program(2, 0.5),
            program(1, 9.0, correct=False, error="no"),
            Ended(3, Failure("query", "rate_limited", "said"), blame=Blame.MODEL),
            program(4, None),
            program(5, 1.5, last),
            program(-1, 1.6),
        ],
        highlights,
    )
    told = [(one.ended, one.generation, one.score, one.gain, one.pull) for one in highlights.improvements]
    assert told == [(1, 0, 1.0, None, None), (6, 5, 1.5, 0.5, last), (6, -1, 1.6, 1.6 - 1.5, None)]
    assert highlights.ended == 6
    assert [(one.generation, one.reason, one.detail, one.blame) for one in highlights.setbacks] == [
        (1, "not_correct", "no", Blame.CANDIDATE),
        (3, "rate_limited", "said", Blame.MODEL),
    ]


def test_of_what_went_wrong_the_last_is_kept() -> None:
    highlights = Highlights()
    replay([Ended(number, Failure("patch", "x", "")) for number in range(100)], highlights)
    assert [one.generation for one in highlights.setbacks] == list(range(100 - MOST_SETBACKS, 100))
