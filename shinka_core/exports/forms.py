"""The forms that there are, by the name that a person says."""

from __future__ import annotations

from shinka_core.exports import csv, git, jsonl, parquet, shinka
from shinka_core.exports.order import Export

FORMS: dict[str, Export] = {
    "parquet": parquet.write,
    "csv": csv.write,
    "jsonl": jsonl.write,
    "git": git.write,
    "shinka": shinka.write,
}
