"""A cost that nobody knows is NULL, and not 0."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("model_calls", "programs")
CALLS = sa.table(
    "model_calls",
    sa.column("evolution", sa.Text), sa.column("generation", sa.Integer), sa.column("model", sa.Text),
    sa.column("cost", sa.Double), sa.column("input_tokens", sa.Integer), sa.column("output_tokens", sa.Integer),
)  # fmt: skip
PROGRAMS = sa.table(
    "programs", sa.column("evolution", sa.Text), sa.column("generation", sa.Integer), sa.column("cost", sa.Double)
)
SESSIONS = sa.table("sessions", sa.column("evolution", sa.Text), sa.column("settings", sa.JSON))


def upgrade() -> None:
    _nullable(True)
    bind = op.get_bind()
    for evolution, model in _without_price(bind):
        bind.execute(
            sa.update(CALLS)
            .where(CALLS.c.evolution == evolution, CALLS.c.model == model, CALLS.c.cost == 0)
            .where(CALLS.c.input_tokens + CALLS.c.output_tokens > 0)
            .values(cost=None)
        )
    unknown = sa.exists().where(
        CALLS.c.evolution == PROGRAMS.c.evolution, CALLS.c.generation == PROGRAMS.c.generation, CALLS.c.cost.is_(None)
    )
    bind.execute(sa.update(PROGRAMS).where(unknown).values(cost=None))


def _without_price(bind: sa.Connection) -> set[tuple[str, str]]:
    """Evolutions and their models that were asked at prices nobody knew, as far as that was kept with them."""
    found: set[tuple[str, str]] = set()
    for evolution, settings in bind.execute(sa.select(SESSIONS.c.evolution, SESSIONS.c.settings)):
        prices: dict[str, Any] = (settings or {}).get("prices") or {}
        found |= {(evolution, model) for model, price in prices.items() if price is None}
    return found


def _nullable(nullable: bool) -> None:
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.alter_column("cost", existing_type=sa.Double(), nullable=nullable)


def downgrade() -> None:
    for table in (CALLS, PROGRAMS):
        op.get_bind().execute(sa.update(table).where(table.c.cost.is_(None)).values(cost=0.0))
    _nullable(False)
