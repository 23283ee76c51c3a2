"""The command line of models: what can be asked from here, what it costs, and whether it answers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from flows.called import called, version
from flows.terminal.command import EXIT_DONE, EXIT_FAILED, lead
from flows.terminal.foreign_folder import read_task
from flows.terminal.models_shown import as_json, print_models, print_providers
from flows.terminal.screen import say, screen
from flows.terminal.settings_file import section_of
from flows.terminal.task_folder import SETTINGS_FILE
from shinka_core.config import EvolutionConfig
from shinka_core.llm.endpoint import remote_embedding
from shinka_core.llm.trying import Trial, cheapest, try_models
from shinka_core.llm.usable import Access, KnownModel, accesses, askable, known_model, look_at, only
from shinka_core.model_address import check_model_name, is_builtin

app = App(name=called("models"), help="List the providers and models that can be asked from here, with their prices; ask nobody unless told to.", help_flags=["--help", "-h"], version=version)  # fmt: skip


@app.default
def models_command(
    models: Annotated[
        list[str] | None, Parameter(help="Models by name, as in llm_models; none: the providers that can be used.")
    ] = None,
    /,
    *,
    config: Annotated[
        Path | None, Parameter(help="Settings file or task folder, whose models, addresses and prices count.")
    ] = None,
    base_url: Annotated[str | None, Parameter(help="OpenAI-compatible endpoint.")] = None,
    look: Annotated[
        bool,
        Parameter(negative="", help="Ask servers on this machine, and providers whose keys are set, for their models."),
    ] = False,
    try_: Annotated[
        bool,
        Parameter(
            name="--try",
            negative="",
            help="Ask each model, or the cheapest of each provider, one question of a few tokens.",
        ),
    ] = False,
    as_json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of tables.")] = False,
) -> int:
    """Prints them.

    Returns:
        The exit code: 0, 1 when a model that was named cannot be asked or a key that was tried does not serve, or 2 for a
        mistake in the command.
    """
    settings = _settings(models or [], config, base_url)
    chosen = _chosen(models or [], config, settings)
    able = only(askable(settings), settings)
    known = [known_model(model, able) for model in chosen]
    found = accesses()
    keys = [access.name for access in found if access.key and not access.problem] if try_ and not chosen else []
    if look or (try_ and not chosen):
        found = asyncio.run(_looked_at(found))
    trials = _trials(known, found, able) if try_ else []
    untried = _untried([access for access in found if access.name in keys], trials)
    if as_json_:
        sys.stdout.write(f"{json.dumps(as_json(found, known, trials, untried), indent=2, allow_nan=False)}\n")
    else:
        console = screen()
        if not chosen or look:
            print_providers(console, found, [] if chosen else trials)
        if chosen:
            print_models(console, known, trials)
        for name, why in untried.items():
            say(console, f"{name} was not tried: {why}", style="red")
        if try_ and not trials and not untried:
            say(console, f"Nothing was tried: {'nothing of it can be asked' if chosen else 'no key is set'}")
    fails = any(each.problem for each in known) or any(trial.outcome != "ok" for trial in trials)
    return EXIT_FAILED if fails or any(access.problem for access in found if access.name in keys) else EXIT_DONE


def _settings(models: Sequence[str], config: Path | None, base_url: str | None) -> EvolutionConfig:
    for model in models:
        check_model_name("MODEL", model)
    file = config / SETTINGS_FILE if config is not None and config.is_dir() else config
    # A folder of another system has its models in a settings file of its own.
    sections = {} if file is None else read_task(file.parent, file, required=file == config).sections
    fields = section_of(sections, "evolution")
    if base_url is not None:
        fields["llm_base_url"] = base_url
    settings = EvolutionConfig(**fields)
    if not models:
        return settings
    more = [*settings.llm_models, *(model for model in dict.fromkeys(models) if model not in settings.models)]
    # Under the settings of the file, if there is one: addresses, options and prices are theirs.
    return settings.model_copy(update={"llm_models": more, "llm_weights": None})


def _chosen(models: Sequence[str], config: Path | None, settings: EvolutionConfig) -> list[str]:
    if models:
        return list(dict.fromkeys(models))
    if config is None:
        return []
    embedding = remote_embedding(settings)
    return [*settings.models, *([] if embedding is None else [embedding])]


async def _looked_at(found: Sequence[Access]) -> list[Access]:
    """Those that may answer with what they list; the others as they were."""
    able = [access for access in found if not access.problem]
    seen = dict(zip((access.name for access in able), await look_at(able), strict=True))
    return [seen.get(access.name, access) for access in found]


def _trials(known: Sequence[KnownModel], found: Sequence[Access], settings: EvolutionConfig) -> list[Trial]:
    """Of the models that were chosen, or of the cheapest of each provider whose key is set."""
    if known:
        embedding = remote_embedding(settings)
        able = [
            each.model for each in known if not each.problem and not is_builtin(each.model) and each.model != embedding
        ]
        return asyncio.run(try_models(able, settings))
    cheap = [cheapest(access) for access in found if access.key and not access.problem]
    asked = [model for model in cheap if model is not None]
    return asyncio.run(try_models(asked, EvolutionConfig(llm_models=asked, embedding_model=None))) if asked else []


def _untried(found: Sequence[Access], trials: Sequence[Trial]) -> dict[str, str]:
    """Of the providers whose keys were to be tried, why no model of theirs was asked, by name."""
    without = [access for access in found if not any(trial.model.startswith(f"{access.name}/") for trial in trials)]
    return {
        access.name: access.problem or access.said or "it lists no model whose price is known; name one to try it"
        for access in without
    }


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    lead(app)
