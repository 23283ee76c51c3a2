"""Sessions: which process had an evolution open, when, and with which settings of all sections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_sessions_evolution_evolutions"),
        sa.PrimaryKeyConstraint("evolution", "number", name="pk_sessions"),
    )


def downgrade() -> None:
    op.drop_table("sessions")
