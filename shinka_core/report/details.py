"""The texts behind a program: its files, what its evaluator said, and what was asked and answered for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.reader import EvolutionReader
from shinka_core.database.records import CallRecord, ProgramRecord
from shinka_core.program import NO_GENERATION
from shinka_core.report.texts import told
from shinka_core.source import Source

# What the evaluator said, and how a model called what it made.
ABOUT = ("description", "text_feedback", "error", "public_metrics", "private_metrics")
# Files that are data rather than text are named and not shown.
BINARY = "\0"
LONGEST_DATA_LINE = 100_000


def about(program: ProgramRecord) -> dict[str, str]:
    """What was said of a program that was read with the texts `ABOUT`, without what is empty."""
    said = {name: told(program.texts.get(name)) for name in ABOUT}
    said["instance_scores"] = told(program.instance_scores)
    return {name: text for name, text in said.items() if text}


def files(source: Source) -> dict[str, str]:
    """The files of a program by their path, "" for the only one."""
    return {
        file.path: "(data, not shown)"
        if BINARY in file.text or max(map(len, file.text.split("\n"))) > LONGEST_DATA_LINE
        else file.text
        for file in source.files
    }


def asked(call: CallRecord) -> dict[str, Any]:
    """What was said in a call that was read with its texts."""
    found: dict[str, Any] = {"messages": [[role, told(content)] for role, content in call.messages or ()]}
    if call.answer:
        found["answer"] = call.answer
    if call.error:
        found["error"] = call.error
    if call.options:
        found["options"] = json.dumps(call.options, ensure_ascii=False)
    return found
