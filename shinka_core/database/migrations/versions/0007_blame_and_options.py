"""Whose fault a generation's end was, and which options were drawn for a question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("blame", sa.Text(), server_default="", nullable=False))
    op.add_column("model_call_texts", sa.Column("options", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("model_call_texts", "options")
    op.drop_column("generations", "blame")
