"""The local command line: `python flows/evolve.py TASK [options]`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from cyclopts import App, Group, Parameter, Token

from flows.called import called, typed, version
from flows.orchestrator.server.early import begin_early
from flows.orchestrator.server.home import check_home
from flows.signals import Told, break_off_on_signals, stopping_on_signals
from flows.terminal.log_lines import spell_out_logs
from flows.terminal.mistakes import as_mistake, in_words, is_mistake, keep_traceback
from flows.terminal.output import leave_within, steady_output
from flows.terminal.repeated import last_of_each
from flows.terminal.resuming import plan_resume
from flows.terminal.screen import say, screen
from flows.terminal.showing import Showing, showing
from flows.terminal.spelling import refuse_broken_text, speak_utf8
from flows.terminal.task_folder import Lifted, Overrides, Plan, plan_run
from flows.terminal.their_options import in_our_options
from shinka_core.control import INTERRUPTED
from shinka_core.errors import ConfigError
from shinka_core.naming import Place, give_back, is_begun
from shinka_core.settings import Resume

if TYPE_CHECKING:
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.database import RunSummary


app = App(
    name=called("evolve"),
    help="Evolve a program: a task folder holds initial.<ext> or a folder initial, evaluate.py and, if you like, evolve.yaml.\n\n"
    "Exit codes: 0 all generations are done, or the run has reached what was to end it; 3 stopped early and can be resumed; 130, 143 or 129 the same, by Ctrl-C, "
    "SIGTERM or a hang-up; 2 a mistake in the command or its settings; 1 the run broke off; 4 all generations are done and "
    "none made a correct program; 5 a replay that differs.",
    help_format="plaintext",
    version=version,
)
run_options = Group("Length and width")
end_options = Group("What ends a run before; none lifts a limit of a run that is continued")
model_options = Group("Models")
place_options = Group("Places")
shown_options = Group("What is printed")

# Seconds for what is still on its way to the Prefect server when everything else is done.
LONGEST_END = 15.0
LIMITS = (int, float, str)
EXIT_DONE, EXIT_FAILED, EXIT_MISTAKE, EXIT_STOPPED, EXIT_NOTHING, EXIT_DIFFERENT = 0, 1, 2, 3, 4, 5


def _whole(_: type, tokens: Sequence[Token]) -> int:
    """A whole number; another one is a mistake and not to be rounded."""
    return int(tokens[0].value)


def _limit(kind: type, tokens: Sequence[Token]) -> Any:
    """A limit, or the word that lifts it."""
    said = tokens[0].value
    return Lifted.NONE if said == Lifted.NONE.value else next(of for of in LIMITS if of in get_args(kind))(said)


@app.default
def evolve_command(
    task: Annotated[
        Path | None, Parameter(help="Task folder: initial.<ext> or initial/, evaluate.py (+ evolve.yaml, task.md).")
    ] = None,
    /,
    *,
    initial: Annotated[
        list[Path] | None,
        Parameter(
            negative="", help="Seed program, a file or a folder, instead of the task folder's; repeat it for more."
        ),
    ] = None,
    evaluate: Annotated[Path | None, Parameter(help="Evaluator script, instead of the task folder's.")] = None,
    score: Annotated[
        str | None,
        Parameter(
            help="Which number of an evaluator's evaluate(program_path) is the score; combined_score by default."
        ),
    ] = None,
    description: Annotated[
        str | None, Parameter(name="--task", help="What the program is for, in words, instead of the folder's task.md.")
    ] = None,
    language: Annotated[
        str | None, Parameter(help="Of the program, as people call it (py, c++, golang); by its extension by default.")
    ] = None,
    incorrect_seed: Annotated[
        Literal["stop", "repair"] | None,
        Parameter(
            help="What becomes of a run whose seed program is not correct: it stops before a model is asked, or "
            "its proposals repair it."
        ),
    ] = None,
    config: Annotated[Path | None, Parameter(help="Settings file, instead of the task folder's evolve.yaml.")] = None,
    said: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative="",
            help="Any setting, over the settings file: evolution.patience=20, database.num_islands=4; repeat it for more.",
        ),
    ] = None,
    generations: Annotated[
        int | None, Parameter(converter=_whole, group=run_options, help="Proposals to make.")
    ] = None,
    max_proposal_jobs: Annotated[
        int | None, Parameter(converter=_whole, group=run_options, help="Proposals at once.")
    ] = None,
    max_evaluation_jobs: Annotated[
        int | None, Parameter(converter=_whole, group=run_options, help="Evaluations at once.")
    ] = None,
    seed: Annotated[
        int | None, Parameter(converter=_whole, group=run_options, help="Seeds every random choice.")
    ] = None,
    budget: Annotated[
        float | Lifted | None,
        Parameter(converter=_limit, group=end_options, help="US dollars to spend on models at most."),
    ] = None,
    patience: Annotated[
        int | Lifted | None,
        Parameter(converter=_limit, group=end_options, help="Programs without a better best before the run ends."),
    ] = None,
    target_score: Annotated[
        float | Lifted | None, Parameter(converter=_limit, group=end_options, help="Score at which the run ends.")
    ] = None,
    max_time: Annotated[
        str | Lifted | None,
        Parameter(converter=_limit, group=end_options, help="Seconds, MM:SS or HH:MM:SS, of all sessions together."),
    ] = None,
    max_evaluations: Annotated[
        int | Lifted | None, Parameter(converter=_limit, group=end_options, help="Starts of the evaluator.")
    ] = None,
    bootstrap: Annotated[
        int | None,
        Parameter(converter=_whole, group=run_options, help="Seed programs for a model to write, each different."),
    ] = None,
    warm_start: Annotated[
        list[str] | None,
        Parameter(
            group=run_options,
            negative="",
            help="Begin with the best programs of an earlier run too: its results folder or database, `:name` after it for "
            "one of several, or a run of ShinkaEvolve or OpenEvolve; repeat it for more.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None, Parameter(group=model_options, negative="", help="Model to ask; repeat it for an ensemble.")
    ] = None,
    base_url: Annotated[str | None, Parameter(group=model_options, help="OpenAI-compatible endpoint.")] = None,
    results: Annotated[
        Path | None, Parameter(group=place_options, help="Results folder; results/<name> by default.")
    ] = None,
    database: Annotated[
        str | None, Parameter(group=place_options, help="SQLite file or SQLAlchemy URL, such as postgresql://host/db.")
    ] = None,
    name: Annotated[
        str | None, Parameter(group=place_options, help="Name of the run in the database and the UI.")
    ] = None,
    resume: Annotated[
        bool,
        Parameter(
            group=place_options,
            negative="",
            help="Continue the run in --results, or the one called --name in --database.",
        ),
    ] = False,
    join: Annotated[
        bool,
        Parameter(
            group=place_options,
            negative="",
            help="Share the run called --name in --database with other drivers: begin it, or take part in it.",
        ),
    ] = False,
    accept_changes: Annotated[
        bool, Parameter(group=place_options, negative="", help="Resume with another evaluator or seed program.")
    ] = False,
    replay: Annotated[
        Path | None,
        Parameter(
            group=place_options, help="Play the run in that results folder again, free, and compare every choice."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        Parameter(group=place_options, help="Results folder for what --replay makes; by default it keeps none."),
    ] = None,
    metrics: Annotated[
        int | None,
        Parameter(
            converter=_whole,
            group=shown_options,
            help="Port at 127.0.0.1 where Prometheus reads figures of the run.",
        ),
    ] = None,
    quiet: Annotated[
        bool, Parameter(negative="", group=shown_options, help="Print nothing but errors, and at the end one line.")
    ] = False,
    as_json: Annotated[
        bool,
        Parameter(
            name="--json", negative="", group=shown_options, help="Print one JSON object per event, and nothing else."
        ),
    ] = False,
) -> int:
    """Evolves a program and prints what it came to.

    Returns:
        The exit code: 0 when all generations are done or a limit is reached, 4 when none of them made a correct
        program, 3 when the run stopped early and can be resumed, 5 when a replay differs, 128 and the number of the signal that stopped it.
    """
    overrides = Overrides(
        initial=initial[0] if initial else None,
        more=initial[1:] if initial else None,
        description=description,
        language=language,
        incorrect_seed=incorrect_seed,
        bootstrap=bootstrap,
        warm_start=warm_start,
        evaluate=evaluate,
        score=score,
        generations=generations,
        max_proposal_jobs=max_proposal_jobs,
        max_evaluation_jobs=max_evaluation_jobs,
        seed=seed,
        budget=budget,
        patience=patience,
        target_score=target_score,
        max_time=max_time,
        max_evaluations=max_evaluations,
        models=model,
        base_url=base_url,
        results=results,
        database=database,
        name=name,
        metrics=metrics,
        said=said or [],
    )
    with showing(quiet=quiet, as_json=as_json) as shown:
        try:
            if replay is not None or to is not None:
                if as_json:
                    raise ConfigError("--json: a replay has no events, it compares choices; leave it out")
                return _replay(replay, to, overrides, task or config, resume=resume, quiet=quiet)
            how = Resume.of(resume, join=join)
            if resume:
                plan = plan_resume(task, config, overrides, accept_changes=accept_changes)
            else:
                plan = plan_run(task, config, overrides, how)
            return _evolve(plan, shown, how)
        except KeyboardInterrupt as broken_off:
            code = _code_of(getattr(broken_off, "number", signal.SIGINT))
            shown.broken_off(" before anything began", code)
            return code
        except Exception as error:
            shown.failed(in_words(error), _code_of_error(error))
            raise


def _evolve(plan: Plan, shown: Showing, how: Resume) -> int:
    """Runs it, and returns the exit code."""
    shown.begins(plan)
    place, told = Place(plan.name, Path(plan.evolution.results_dir or "")), Told()
    try:
        runner = _runner(plan, how, verbose=shown.verbose)
        with shown.watching(plan.name):
            summary = asyncio.run(_run(runner, told))
    except (KeyboardInterrupt, asyncio.CancelledError) as broken_off:
        begun = is_begun(Path(plan.evolution.results_dir or "."))
        advice = f"; continue with {_to_go_on(plan, how)}" if begun else " before anything began"
        code = _code_of(told.first or getattr(broken_off, "number", signal.SIGINT))
        shown.broken_off(advice, code)
        return code
    except Exception as error:  # noqa: BLE001 - it is raised again, or a better one
        keep_traceback(error, place.results_dir)
        raise as_mistake(error, begun=is_begun(place.results_dir)) from None
    finally:
        give_back(place)
    if summary.stopped_early:
        code = _code_of(told.first or signal.SIGINT) if summary.stopped_early == INTERRUPTED else EXIT_STOPPED
    else:
        code = EXIT_NOTHING if summary.nothing_made else EXIT_DONE
    shown.ends(summary, code)
    return code


def _to_go_on(plan: Plan, how: Resume) -> str:
    """What to say on the command line to go on."""
    return (
        f"--join --name {plan.name}"
        if how is Resume.JOIN
        else f"--resume --results {typed(str(plan.evolution.results_dir))}"
    )


def _replay(
    replay: Path | None, to: Path | None, overrides: Overrides, task: Path | None, *, resume: bool, quiet: bool
) -> int:
    from flows.terminal.replaying import replay_run

    if replay is None:
        raise ConfigError(f"--to {str(to)!r} is for --replay RESULTS; a run has its place by --results")
    if task is not None:
        raise ConfigError(f"{str(task)!r}: a replay has the task of the run that it plays again; leave it out")
    same = replay_run(screen(), replay, to, overrides, resume=resume, quiet=quiet)
    return EXIT_DONE if same else EXIT_DIFFERENT


def _code_of(number: signal.Signals) -> int:
    """What shells say of a program that a signal ended."""
    return 128 + number


def _code_of_error(error: Exception) -> int:
    return EXIT_MISTAKE if is_mistake(error) else EXIT_FAILED


def _runner(plan: Plan, how: Resume, *, verbose: bool) -> AsyncEvolutionRunner:
    """Loads the orchestrator: outside of an event loop, since Prefect starts one of its own for its plugins."""
    check_home()
    begin_early()
    # Imported here: it takes seconds, and a mistake should be told at once.
    from flows.orchestrator.profile import quiet_process
    from flows.runner import AsyncEvolutionRunner

    quiet_process()
    return AsyncEvolutionRunner(
        evo_config=plan.evolution,
        job_config=plan.job,
        db_config=plan.database,
        verbose=verbose,
        max_evaluation_jobs=plan.settings.max_evaluation_jobs,
        max_proposal_jobs=plan.settings.max_proposal_jobs,
        name=plan.name,
        resume=how is Resume.YES,
        join=how is Resume.JOIN,
        accept_changes=plan.settings.accept_changes,
        task=plan.settings.task,
    )


async def _run(runner: AsyncEvolutionRunner, told: Told) -> RunSummary:
    with stopping_on_signals(runner.stop, told):
        return await runner.run()


def run(arguments: list[str]) -> int:
    """Runs the command line; returns its exit code. Whatever is wrong is told in one line on standard error."""
    try:
        refuse_broken_text(arguments)
        arguments = last_of_each(app, in_our_options(arguments))
        command, bound, _ = app.parse_args(arguments, exit_on_error=False, print_error=False)
        return command(*bound.args, **bound.kwargs) or EXIT_DONE
    except KeyboardInterrupt as broken_off:
        return _code_of(getattr(broken_off, "number", signal.SIGINT))
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads it
        say(screen(errors=True), f"error: {in_words(error)}", style="red")
        return _code_of_error(error)


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    speak_utf8()
    steady_output()
    spell_out_logs()
    break_off_on_signals()
    code = run(sys.argv[1:])
    leave_within(LONGEST_END, code)
    sys.exit(code)
