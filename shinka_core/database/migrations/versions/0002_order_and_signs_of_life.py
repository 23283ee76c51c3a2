"""Programs in the order of their insertion, signs of life of the owner, and totals without reading long texts."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evolutions", sa.Column("commits", sa.Integer(), server_default="0", nullable=False))
    op.add_column("evolutions", sa.Column("seen_at", sa.Double(), server_default="0", nullable=False))
    op.add_column("programs", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False))
    _number_programs()
    op.create_index("uq_programs_evolution_sequence", "programs", ["evolution", "sequence"], unique=True)
    op.drop_index("ix_programs_evolution_correct_score", table_name="programs")
    op.create_index(
        "ix_programs_totals",
        "programs",
        ["evolution", "correct", "score", "sequence", "generation", "evaluation_seconds"],
    )
    op.create_index(
        "ix_model_calls_totals",
        "model_calls",
        ["evolution", "model", "status", "input_tokens", "output_tokens", "cost", "seconds"],
    )


def _number_programs() -> None:
    """Numbers every evolution's programs as they lie in the table: rows are only ever added to it.

    Their times would not do: the clock may have been set back between two of them.
    """
    connection = op.get_bind()
    place = "ctid" if connection.dialect.name == "postgresql" else "rowid"
    numbered: Counter[str] = Counter()
    numbers: list[dict[str, int | str]] = []
    for program_id, evolution in connection.execute(sa.text(f"SELECT id, evolution FROM programs ORDER BY {place}")):
        numbered[evolution] += 1
        numbers.append({"id": program_id, "sequence": numbered[evolution]})
    if numbers:
        connection.execute(sa.text("UPDATE programs SET sequence = :sequence WHERE id = :id"), numbers)


def downgrade() -> None:
    op.drop_index("ix_model_calls_totals", table_name="model_calls")
    op.drop_index("ix_programs_totals", table_name="programs")
    op.create_index("ix_programs_evolution_correct_score", "programs", ["evolution", "correct", "score"])
    op.drop_index("uq_programs_evolution_sequence", table_name="programs")
    op.drop_column("programs", "sequence")
    op.drop_column("evolutions", "seen_at")
    op.drop_column("evolutions", "commits")
