"""What is an outage and what is bad luck, as the run decides it from how generations end."""

from __future__ import annotations

from flows.outage import IN_A_ROW, TRIES, Outages, Ruling
from shinka_core.errors import Blame
from shinka_core.outcome import Failed, Outcome, Recorded, Rejected, SetAside
from shinka_core.program import Failure, Program
from shinka_core.source import Source

DOWN = SetAside(Failure("query", "model_unavailable", "m: HTTP 503: overloaded"), Blame.MODEL)
EMPTY = SetAside(Failure("query", "unusable_answer", "m: empty answer"), Blame.MODEL, answered=True)
LOST = SetAside(Failure("evaluate", "LaunchError", "no space left"), Blame.EVALUATOR)
BUG = Failed(Failure("generation", "KeyError", "x"), Blame.US)
GOOD = Recorded(Program("id", 1, Source.of("", "python"), 0, 1.0, True))
TURNED_AWAY = Rejected(Failure("novelty", "not_novel", ""))


def last_of(outages: Outages, *outcomes: Outcome) -> Ruling:
    ruling = Ruling()
    for number, outcome in enumerate(outcomes):
        ruling = outages.saw(number, outcome)
    return ruling


def test_failures_in_a_row_stop_the_run_with_the_providers_words_and_close_nothing() -> None:
    outages = Outages()
    assert last_of(outages, *[DOWN] * (IN_A_ROW - 1)) == Ruling()
    ruling = outages.saw(99, DOWN)
    assert ruling.stop == (
        f"the models gave no answer {IN_A_ROW} times in a row; last: query: model_unavailable: m: HTTP 503: overloaded"
    )
    assert (ruling.again, ruling.closed) == ((), ())


def test_what_failed_before_a_success_is_done_again() -> None:
    assert last_of(Outages(), DOWN, LOST, GOOD) == Ruling(again=(0, 1))


def test_prompts_without_an_answer_are_bad_luck_once_others_find_one() -> None:
    assert last_of(Outages(), EMPTY, EMPTY, TURNED_AWAY) == Ruling(closed=((0, EMPTY), (1, EMPTY)))


def test_prompts_without_an_answer_are_an_outage_when_nothing_else_ever_comes() -> None:
    assert last_of(Outages(), *[EMPTY] * IN_A_ROW).stop.endswith("query: unusable_answer: m: empty answer")
    outages = Outages()
    last_of(outages, EMPTY, EMPTY)
    assert outages.rest() == Ruling(
        stop="the models gave no answer 2 times in a row; last: query: unusable_answer: m: empty answer"
    )


def test_a_rejected_candidate_says_nothing_about_evaluations() -> None:
    assert last_of(Outages(), LOST, TURNED_AWAY) == Ruling()
    assert last_of(Outages(), *[LOST, TURNED_AWAY] * IN_A_ROW).stop == ""
    outages = Outages()
    rulings = [outages.saw(number, outcome) for number, outcome in enumerate([LOST, TURNED_AWAY] * IN_A_ROW)]
    assert any(ruling.stop.startswith("evaluations could not be run 10 times in a row") for ruling in rulings)


def test_what_fails_alone_again_and_again_is_closed() -> None:
    outages = Outages()
    for _ in range(TRIES - 1):
        outages.saw(7, LOST)
        assert outages.saw(1, GOOD) == Ruling(again=(7,))
    outages.saw(7, LOST)
    assert outages.saw(1, GOOD) == Ruling(closed=((7, LOST),))


def test_the_last_generations_are_done_again_before_the_run_gives_them_up() -> None:
    outages = Outages()
    last_of(outages, GOOD, DOWN)
    for _ in range(TRIES - 1):
        assert outages.rest() == Ruling(again=(1,))
        outages.saw(1, DOWN)
    assert outages.rest().stop.startswith("the models gave no answer 3 times in a row; last: ")


def test_bugs_in_a_row_stop_the_run_as_well() -> None:
    assert last_of(Outages(), *[BUG] * IN_A_ROW).stop.startswith("something failed that nothing provides for")
    assert last_of(Outages(), *[BUG, GOOD] * IN_A_ROW).stop == ""


def test_nothing_is_left_when_nothing_failed() -> None:
    outages = Outages()
    last_of(outages, GOOD, TURNED_AWAY, BUG)
    assert outages.rest() == Ruling()
