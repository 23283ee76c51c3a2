"""The order in which generations ended and programs came to islands; the archive is made of the programs alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("island_members", sa.Column("after", sa.Integer(), server_default="0", nullable=False))
    op.add_column("generations", sa.Column("sequence", sa.Integer(), nullable=True))
    _number_ends()
    op.create_index("ix_generations_evolution_sequence", "generations", ["evolution", "sequence"])
    op.drop_table("archive")


def _number_ends() -> None:
    """Programs in their own order, and failures between them as the clock has it: nothing else was kept of those."""
    connection = op.get_bind()
    ends: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(
        sa.text(
            "SELECT g.evolution, g.number, g.updated_at, p.sequence AS place FROM generations g "
            "LEFT JOIN programs p ON p.evolution = g.evolution AND p.generation = g.number "
            "WHERE g.state IN ('recorded', 'failed') ORDER BY g.evolution, g.updated_at, g.number"
        )
    ):
        ends[row.evolution].append(row)
    numbers: list[dict[str, Any]] = []
    for evolution, rows in ends.items():
        recorded = iter(sorted((row for row in rows if row.place is not None), key=lambda row: row.place))
        for sequence, row in enumerate(rows, 1):
            there = row if row.place is None else next(recorded)
            numbers.append({"evolution": evolution, "number": there.number, "sequence": sequence})
    if numbers:
        connection.execute(
            sa.text("UPDATE generations SET sequence = :sequence WHERE evolution = :evolution AND number = :number"),
            numbers,
        )


def downgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("evolution", sa.String(), nullable=False),
        sa.Column("program_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_archive_evolution_evolutions"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_archive_program_id_programs"),
        sa.PrimaryKeyConstraint("evolution", "program_id", name="pk_archive"),
    )
    op.drop_index("ix_generations_evolution_sequence", table_name="generations")
    op.drop_column("generations", "sequence")
    op.drop_column("island_members", "after")
