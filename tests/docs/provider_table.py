"""The table of providers, made from its source: `python -m tests.docs.provider_table --write`."""

from __future__ import annotations

from shinka_core.providers import PROVIDERS, ModelProvider
from tests.docs.made import Made
from tests.docs.pages import DOCS

_FORMED = {
    "azure": "`AZURE_OPENAI_ENDPOINT`, or `AZURE_OPENAI_RESOURCE`",
    "bedrock": "of the region in `AWS_REGION`",
    "local": "given with the name",
}


def text() -> str:
    """Two tables: where each is asked, and what is known of its answers."""
    lines = ["| Prefix | Address | Key | Interfaces | Embeddings | |", "|---|---|---|---|---|---|"]
    lines += [_place(each) for each in PROVIDERS]
    lines += [
        "",
        "| Prefix | Thoughts | Cached tokens | A limit that passes | One that does not | Prompt too long | Not sent |",
    ]
    lines += ["|---|---|---|---|---|---|---|", *(_manners(each) for each in PROVIDERS if each.prefix != "local")]
    return "\n".join(lines) + "\n"


def _place(each: ModelProvider) -> str:
    names = ", ".join(f"`{name}/`" for name in (each.prefix, *each.aliases))
    address = f"`{each.base}`" if each.base else _FORMED[each.prefix]
    keys = ", ".join(f"`{key}`" for key in each.keys) or "none"
    optional = " (optional)" if each.server and each.keys else ""
    return f"| {names} | {address} | {keys}{optional} | {', '.join(each.interfaces)} | {'yes' if each.embeddings else ''} | {each.note} |"


def _manners(each: ModelProvider) -> str:
    refused = "; ".join(
        f"{', '.join(one.options)}{f' to `{_escaped(one.models)}`' if one.models else ''}" for one in each.refuses
    )
    said = (each.reasoning, each.cached, each.minute, each.day or "none", each.overflow)
    return f"| `{each.prefix}` | {' | '.join(map(_escaped, said))} | {refused} |"


def _escaped(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")


DOCUMENT = Made(DOCS / "providers.md", text)


if __name__ == "__main__":
    DOCUMENT.main()
