"""Which costs are estimates, and the totals by purpose without reading long texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TOTALS = ["evolution", "model", "status", "input_tokens", "output_tokens", "cost", "seconds"]


def upgrade() -> None:
    op.add_column("model_calls", sa.Column("estimated", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_model_calls_totals", table_name="model_calls")
    op.create_index("ix_model_calls_totals", "model_calls", [*TOTALS, "purpose", "estimated"])


def downgrade() -> None:
    op.drop_index("ix_model_calls_totals", table_name="model_calls")
    op.create_index("ix_model_calls_totals", "model_calls", TOTALS)
    op.drop_column("model_calls", "estimated")
