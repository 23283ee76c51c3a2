"""The texts behind a program: its files, what its evaluator said, and what was asked and answered for it."""

from __future__ import annotations

import json
from typing import Any

from shinka_core.database.reader import EvolutionReader
from shinka_core.database.records import CallRecord, ProgramRecord
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


async def details(reader: EvolutionReader, generation: int) -> dict[str, Any]:
    """All texts of a generation, as the live page asks for them; what it has none of is empty or None."""
    rows = await reader.course.calls(generation, texts=True)
    program, first = await _program(reader, generation), await _program(reader, 0)
    parent = None if program is None or program.parent_id is None else await reader.source(program.parent_id)
    return {
        "about": {} if program is None else about(program),
        "files": None if program is None else files(await reader.source(program.id)),
        "parent": None if parent is None else files(parent),
        "seed": None if first is None else files(await reader.source(first.id)),
        "leftOut": False,
        "calls": [_call(row) for row in rows],
    }


async def _program(reader: EvolutionReader, generation: int) -> ProgramRecord | None:
    async for program in reader.programs(columns=ABOUT, generation=generation):
        return program
    return None


def _call(row: dict[str, Any]) -> dict[str, Any]:
    options = row["options"]
    return {
        "purpose": row["purpose"],
        "model": row["model"],
        "status": row["status"],
        "reason": row["reason"],
        "input": row["input_tokens"],
        "cached": row["cached_tokens"],
        "output": row["output_tokens"],
        "cost": row["cost"],
        "estimated": int(row["estimated"]),
        "seconds": row["seconds"],
        "messages": [[one["role"], told(one["content"])] for one in row["messages"] or ()],
        "answer": row["answer"] or "",
        "error": row["error"] or "",
        "options": json.dumps(options, ensure_ascii=False) if options else "",
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
