"""What follows from a look at a task: what to mend before money is spent, and what to think about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.config.evaluations import ProcessSettings
from shinka_core.edit.blocks import END, START, has_markers
from shinka_core.edit.evolvable import NO_PROGRAMS
from shinka_core.edit.languages import COMMENT
from shinka_core.edit.syntax import why_unchecked
from shinka_core.kit.hostile import FORGED
from shinka_core.kit.looking import SEEDS, Looked, Tried
from shinka_core.launch.limits import MEGABYTE
from shinka_core.launch.missing import about_missing_module

# Share of a score from which on differences between two evaluations of one program are more than rounding.
NOISE = 1e-12
LOUD = 0.01
SLOW = 60.0
# How often the seed program's time the limit should be at least.
ROOM = 3
WORDS = 300
# Characters below which a task is hardly described.
SHORT = 40


class Level(StrEnum):
    """How bad something is."""

    GOOD = "good"
    THINK = "think"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found.

    Attributes:
        name: A stable snake_case word.
        remedy: What to do about it; "" when nothing is to be done.
    """

    level: Level
    name: str
    what: str
    remedy: str = ""


def findings(looked: Looked, evolve: EvolutionConfig) -> list[Finding]:
    """All that follows, the worst first.

    Args:
        evolve: The task's settings.
    """
    found = [*_of_the_seed(looked), *_of_time(looked), *_of_the_task(looked, evolve), *_of_hostile(looked)]
    order = list(Level)
    return sorted(found, key=lambda finding: -order.index(finding.level))


def _of_the_seed(looked: Looked) -> Iterator[Finding]:
    wrong = [each.evaluation for each in looked.seeds if not each.evaluation.correct]
    if wrong:
        often = "" if len(wrong) == SEEDS else f" in {len(wrong)} of {SEEDS} evaluations"
        yield Finding(
            Level.MEND, "seed_not_correct", f"the seed program is not correct{often}: {in_words(wrong[0].error)}",
            "; ".join(_remedies_of_a_seed(wrong[0].error, looked)),
        )  # fmt: skip
    right = [each.evaluation for each in looked.seeds if each.evaluation.correct]
    scores = [evaluation.score for evaluation in right if evaluation.score is not None]
    if not scores:
        return
    apart = _spread(scores)
    told = ", ".join(f"{score:.8g}" for score in scores)
    if apart <= NOISE:
        yield Finding(Level.GOOD, "score", f"the seed program scores {scores[0]:.8g}, each time the same")
    else:
        again = "fix the seeds of what is random in it, or say job: {repeats: 5, seed_argument: seed} and let it take --seed"
        level = Level.MEND if apart > LOUD and looked.job.repeats == 1 else Level.THINK
        yield Finding(
            level, "noisy_score", f"one program scores {told}: {apart:.2%} apart, which looks like a gain", again
        )
    first = right[0]
    if not first.text_feedback.strip() and not first.instance_scores and not first.public_metrics:
        yield Finding(
            Level.THINK, "no_feedback", "the evaluator tells models nothing but a number",
            "write text_feedback (what is weak in this program) or public metrics into metrics.json",
        )  # fmt: skip


def _remedies_of_a_seed(error: str, looked: Looked) -> Iterator[str]:
    yield from (
        line.strip()[1:-1] for line in error.splitlines() if line.startswith("[") and line.rstrip().endswith("]")
    )
    if missing := about_missing_module(error, looked.job):
        yield missing
    yield (
        "mend the program, the evaluator, or what they need on this machine; where the task is to repair it, say "
        "incorrect_seed: repair"
    )


def _spread(scores: list[float]) -> float:
    largest = max(map(abs, scores))
    return (max(scores) - min(scores)) / largest if largest else 0.0


def _of_time(looked: Looked) -> Iterator[Finding]:
    seconds = [each.seconds for each in looked.seeds]
    longest, peak = max(seconds), max(each.peak for each in looked.seeds)
    memory = f", {peak / MEGABYTE:.0f} MB of memory at most" if peak else ""
    yield Finding(Level.GOOD, "time", f"an evaluation takes {min(seconds):.2f} to {longest:.2f} s{memory}")
    wanted = max(10, math.ceil(10 * longest))
    limit = looked.job.time_limit
    stage = looked.job.stages[-1].time_limit if looked.job.stages else None
    limit = stage if stage is not None else limit
    if limit is None:
        yield Finding(
            Level.MEND, "no_time_limit", "there is no time limit: a program that never ends keeps its place for ever",
            f"say job: {{time: {wanted}}} in evolve.yaml",
        )  # fmt: skip
    elif limit < ROOM * longest:
        yield Finding(
            Level.THINK, "tight_time_limit", f"the time limit of {limit:g} s is less than {ROOM} times what the seed program takes",
            f"say job: {{time: {wanted}}}, or programs are ended on a busy machine",
        )  # fmt: skip
    if longest > SLOW:
        yield Finding(
            Level.THINK, "slow", f"an evaluation takes {longest / 60:.1f} minutes",
            "let a short stage turn bad programs away: job: {stages: [{name: quick, continue_above: X}, {name: full}]}",
        )  # fmt: skip


def _of_the_task(looked: Looked, evolve: EvolutionConfig) -> Iterator[Finding]:
    texts = [file for file in looked.seed.files if not file.is_data]
    if not any(has_markers(file.text) for file in texts):
        opens, closes = COMMENT.get(texts[0].language, ("# ", ""))
        yield Finding(
            Level.THINK, "no_blocks", "the seed program has no EVOLVE-BLOCK, so all of it may change",
            f"put a line {f'{opens}{START}{closes}'!r} above and {f'{opens}{END}{closes}'!r} below what is to be improved",
        )  # fmt: skip
    if len((evolve.task_sys_msg or "").strip()) < SHORT:
        yield Finding(
            Level.THINK, "no_task", "models are told little or nothing of what the program is for",
            "write it into task.md, or task_sys_msg in evolve.yaml: the task, what is correct, what the score is",
        )  # fmt: skip
    python = looked.job.python
    if problem := why_unchecked(looked.seed, python):
        yield Finding(
            Level.THINK, "no_syntax_check", f"the seed program fails its own syntax check ({in_words(problem)}), which is off then",
            "name the interpreter that runs it (job: {python: ...}) or the language, where one of them is wrong",
        )  # fmt: skip
    if looked.level != "sandbox":
        yield Finding(
            Level.THINK, "no_sandbox", f"evaluations run with isolation {looked.level!r}: programs see your files and the network",
            "install bubblewrap where it is to be a sandbox",
        )  # fmt: skip
    if not isinstance(looked.job, LocalJobConfig):
        yield Finding(
            Level.THINK, "in_process", "programs run in the process of the run (kind: in_process); hostile ones were not tried",
            "say kind: local unless you trust them all",
        )  # fmt: skip
    elif looked.asked != looked.job.kind:
        yield Finding(
            Level.THINK, "elsewhere", f"evaluations are to run elsewhere (kind: {looked.asked}) and were run here"
        )


def _of_hostile(looked: Looked) -> Iterator[Finding]:
    ignored = _takes_no_notice(looked)
    if ignored:
        yield Finding(
            Level.MEND, "ignores_program", "programs that do not parse, that never end or that leave at once count as correct: "
            "the evaluator takes no notice of the program",
            "run the program that --program_path names, and score what it does",
        )  # fmt: skip
    for tried in looked.tried:
        if ignored and tried.measured.evaluation.correct and tried.hostile.kind not in _OF_THE_MACHINE:
            continue  # follows from that
        yield _JUDGES.get(tried.hostile.kind, _not_accepted)(tried, looked)
    known = {tried.hostile.kind for tried in looked.tried}
    if known and "endless" not in known and looked.seed.language not in NO_PROGRAMS:
        yield Finding(
            Level.THINK, "not_tried", f"a program in {looked.seed.language} that never ends is not known here, and was not tried",
            "try one by hand",
        )  # fmt: skip


# These say something of what an evaluation may do, whatever the evaluator is.
_OF_THE_MACHINE = ("flood", "looks")


def _takes_no_notice(looked: Looked) -> bool:
    accepted = {tried.hostile.kind for tried in looked.tried if tried.measured.evaluation.correct}
    return {"broken", "endless", "leaves"} <= accepted


_REMEDIES = {
    "broken": "write correct: false into correct.json for a program that cannot be run, with its error",
    "leaves": "take what the program returns or prints for its answer, never that it has ended",
    "forges": "end the evaluator with run_shinka_eval, whose results are sealed, or run the program in a process of its own "
    "that does not know --results_dir",
    "nan": "let validate_fn (or the evaluator) refuse what is not finite",
    "memory": "say job: {isolation: sandbox} or limits, so that max_memory_mb holds",
    "processes": "say job: {isolation: sandbox} or limits, so that max_processes holds",
}


def _not_accepted(tried: Tried, looked: Looked) -> Finding:
    """For those that must not be correct."""
    kind, evaluation = tried.hostile.kind, tried.measured.evaluation
    if not evaluation.correct:
        return Finding(
            Level.GOOD,
            kind,
            f"a program that {tried.hostile.name} is not correct ({evaluation.reason}: {in_words(evaluation.error, 80)})",
        )
    if kind == "nan" and _as_the_seed(evaluation.score, looked):
        return Finding(
            Level.THINK, kind, "a program whose functions return NaN scores as the seed program does: what they return is not asked for",
            "see that the score comes from what the program does, and that the evaluator refuses what is not finite",
        )  # fmt: skip
    score = "its own score" if evaluation.score == FORGED else f"{evaluation.score:.6g}"
    remedy = _REMEDIES[kind]
    if kind in ("memory", "processes") and looked.level != "none":
        remedy = _REMEDIES["broken"]  # it was kept from it, and that was taken for an answer
    return Finding(
        Level.MEND, kind, f"a program that {tried.hostile.name} counts as correct and scores {score}", remedy
    )


def _as_the_seed(score: float | None, looked: Looked) -> bool:
    seeds = [each.evaluation.score for each in looked.seeds if each.evaluation.score is not None]
    return score is not None and any(_spread([score, seed]) <= NOISE for seed in seeds)


def _endless(tried: Tried, looked: Looked) -> Finding:
    del looked
    evaluation, seconds = tried.measured.evaluation, tried.measured.seconds
    if evaluation.correct:
        return Finding(
            Level.MEND, "endless", "a program that never ends counts as correct",
            "end a program that takes too long, and count it as not correct",
        )  # fmt: skip
    if seconds > tried.time_limit + 5:
        return Finding(
            Level.MEND, "endless", f"a program that never ends was ended after {seconds:.1f} s only, with a limit of {tried.time_limit:g} s",
            "look for what keeps the machine from ending processes",
        )  # fmt: skip
    by = "by the time limit" if evaluation.reason == "timeout" else "by the evaluator itself"
    return Finding(Level.GOOD, "endless", f"a program that never ends was ended {by}, after {seconds:.1f} s")


def _flood(tried: Tried, looked: Looked) -> Finding:
    seconds, usual = tried.measured.seconds, max(each.seconds for each in looked.seeds)
    if tried.measured.evaluation.reason == "timeout":
        return Finding(
            Level.THINK, "flood", f"a program that {tried.hostile.name} took longer than {tried.time_limit:g} s"
        )
    return Finding(
        Level.GOOD,
        "flood",
        f"a program that {tried.hostile.name} takes {max(seconds - usual, 0.0):.1f} s longer, and fills no disk",
    )


def _looks(tried: Tried, looked: Looked) -> Finding:
    seen, job = tried.seen, looked.job
    open_network = isinstance(job, ProcessSettings) and job.network
    reached = ["the network"] if seen.get("network") and not open_network else []
    reached += ["files in your home folder"] if seen.get("home") else []
    reached += ["the task's own folder, to write there"] if tried.left else []
    if reached:
        level = Level.MEND if tried.left else Level.THINK
        return Finding(
            level, "looks", f"programs reach {', '.join(reached)}",
            "install bubblewrap (job: {isolation: sandbox}), or run on a machine with nothing to lose",
        )  # fmt: skip
    if not seen:
        return Finding(Level.GOOD, "looks", "a program that looks around got nowhere to tell of it")
    return Finding(
        Level.GOOD, "looks", "a program that looks around reaches no network, none of your files, and changes nothing"
    )


_JUDGES = {"endless": _endless, "flood": _flood, "looks": _looks}


def in_words(text: str, longest: int = WORDS) -> str:
    """What was said, in one line: of a traceback its end; where there is little room, the line that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("[")] or lines
    if not told:
        return "no reason given"
    if any(line.startswith("Traceback") for line in told):
        shown = told[-1]
    elif len(" ".join(told)) <= longest:
        shown = " ".join(told)
    else:
        shown = next((line for line in told if "error" in line.lower()), told[0])
    return shown if len(shown) <= longest else f"{shown[:longest]}..."
