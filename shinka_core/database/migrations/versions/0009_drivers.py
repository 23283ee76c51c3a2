"""Who takes part in an evolution that several drivers share, and whose money is set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OF_RESERVATIONS = ("owner", "purpose", "model")


def upgrade() -> None:
    op.create_table(
        "drivers",
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("commits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("joined_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_drivers_evolution_evolutions"),
        sa.PrimaryKeyConstraint("evolution", "mark", name="pk_drivers"),
    )
    for name in OF_RESERVATIONS:
        op.add_column("reservations", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_index("ix_island_members_evolution_after", "island_members", ["evolution", "after"])


def downgrade() -> None:
    op.drop_index("ix_island_members_evolution_after", table_name="island_members")
    for name in OF_RESERVATIONS:
        op.drop_column("reservations", name)
    op.drop_table("drivers")
