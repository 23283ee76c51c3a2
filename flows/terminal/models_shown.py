"""How providers and models are shown: in tables for a person, or as JSON. No key is part of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.terminal.screen import cell, say
from shinka_core.costs import UNKNOWN
from shinka_core.llm.rates import Price
from shinka_core.llm.trying import Trial
from shinka_core.llm.usable import Access, KnownModel, set_elsewhere

LISTED = 3  # names that are shown of a list


def print_providers(console: Console, found: Sequence[Access], trials: Sequence[Trial]) -> None:
    """Those that can be used, then in a line those that cannot, and why."""
    table = _table("Providers", "prefix", "key", "interface", "address", "models")
    for access in found:
        if not access.problem or (access.models is None and access.said):
            key = access.key or ("none needed" if access.provider.server else "not set")
            table.add_row(*map(cell, (f"{access.name}/", key, access.interface, access.address, _listed(access))))
    console.print(table)
    missing = [f"{access.name} ({access.problem})" for access in found if access.problem and not access.said]
    if missing:
        say(console, f"Not usable: {'; '.join(missing)}")
    if (elsewhere := set_elsewhere()) is not None:
        say(console, f"OPENAI_BASE_URL sends all models without an address of their own to {elsewhere}")
    if trials:
        console.print(_tried("The cheapest model of each", trials))


def print_models(console: Console, known: Sequence[KnownModel], trials: Sequence[Trial]) -> None:
    """Each with its price per million tokens, what it reads, and what came of asking it."""
    table = _table(
        "Models, US dollars per million tokens", "model", "in", "out", "cached", "context", "interface", "key"
    )
    for each in known:
        context = f"{each.context:,}" if each.context else UNKNOWN
        table.add_row(*map(cell, (each.name, *_rates(each.price), context, each.interface, each.key or "none")))
    console.print(table)
    if sources := dict.fromkeys(each.price.source.partition(":")[0] for each in known if each.price is not None):
        say(console, f"Prices: {'; '.join(sources)}" + (" (+: long prompts are dearer)" if _dearer(known) else ""))
    for each in known:
        if each.problem:
            say(console, f"{each.name} cannot be asked: {each.problem}", style="red")
    if trials:
        console.print(_tried("Asked", trials))


def as_json(
    found: Sequence[Access], known: Sequence[KnownModel], trials: Sequence[Trial], untried: Mapping[str, str]
) -> dict[str, Any]:
    """All of it, for a program."""
    return {
        "providers": [
            {
                "prefix": access.name, "usable": not access.problem, "problem": access.problem or None,
                "key_variables": list(access.keys), "key_set": access.key or None, "address": access.address,
                "interface": access.interface, "local": access.provider.server,
                "models": None if access.models is None else list(access.models), "said": access.said or None,
            }
            for access in found
        ],
        "models": [
            {
                "model": each.name, "problem": each.problem or None, "interface": each.interface or None,
                "address": each.address or None, "key_set": each.key or None, "context": each.context,
                "price": None if each.price is None else each.price.as_kept(),
            }
            for each in known
        ],
        "tried": [
            {
                "model": trial.model, "outcome": trial.outcome, "seconds": round(trial.seconds, 3), "cost": trial.cost,
                "input_tokens": trial.usage and trial.usage.input_tokens,
                "output_tokens": trial.usage and trial.usage.output_tokens, "said": trial.words or None,
            }
            for trial in trials
        ],
        "not_tried": dict(untried),
    }  # fmt: skip


def _tried(title: str, trials: Sequence[Trial]) -> Table:
    table = _table(title, "model", "outcome", "seconds", "cost", "said")
    for trial in trials:
        cost = f"${trial.cost:.6f}" if trial.cost is not None else UNKNOWN if trial.outcome == "ok" else ""
        table.add_row(*map(cell, (trial.model, trial.outcome, f"{trial.seconds:.1f}", cost, trial.words)))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=cell(title), title_justify="left")
    for column in columns:
        table.add_column(cell(column), overflow="fold")
    return table


def _listed(access: Access) -> str:
    if access.models is None:
        return access.problem or access.said
    more = len(access.models) - LISTED
    return ", ".join(access.models[:LISTED]) + (f" and {more} more" if more > 0 else "") or "none"


def _dearer(known: Sequence[KnownModel]) -> bool:
    return any(each.price is not None and each.price.longer for each in known)


def _rates(price: Price | None) -> tuple[str, str, str]:
    if price is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    cached = price.rates.input if price.rates.cached is None else price.rates.cached
    dearer = "+" if price.longer else ""  # long prompts cost more
    return f"{price.rates.input:g}{dearer}", f"{price.rates.output:g}{dearer}", f"{cached:g}{dearer}"
