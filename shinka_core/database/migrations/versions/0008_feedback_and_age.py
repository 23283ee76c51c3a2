"""What evaluators tell in pieces, how many programs were recorded when a parent was sampled, and totals of cached tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TOTALS = (
    "evolution", "model", "status", "input_tokens", "output_tokens", "cost", "seconds", "purpose", "estimated",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("programs", sa.Column("sampled_after", sa.Integer(), nullable=True))
    op.add_column("program_texts", sa.Column("feedback", sa.JSON(), nullable=True))
    op.drop_index("ix_model_calls_totals", table_name="model_calls")
    op.create_index("ix_model_calls_totals", "model_calls", [*TOTALS, "cached_tokens"])


def downgrade() -> None:
    op.drop_index("ix_model_calls_totals", table_name="model_calls")
    op.create_index("ix_model_calls_totals", "model_calls", [*TOTALS])
    op.drop_column("program_texts", "feedback")
    op.drop_column("programs", "sampled_after")
