"""An insert that leaves alone what is there already.

The dialects' own inserts with `ON CONFLICT` are compiled anew for every execution, which takes as long as executing
them; both databases have the same words for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.compiler import compiles


class InsertOnce(Insert):
    """`INSERT ... ON CONFLICT DO NOTHING`, for tables whose keys are given and not made by the database."""

    inherit_cache = True


@compiles(InsertOnce)
def _compiled(element: InsertOnce, compiler: Any, **options: Any) -> str:
    return f"{compiler.visit_insert(element, **options)} ON CONFLICT DO NOTHING"
