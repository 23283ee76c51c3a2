"""Texts apart from what is read often, and every source once; steps are only ever added to.

Islands are rows, and so are advice, ideas and system prompts, claims of generations, and reserved money.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shinka_core.database.migrations.moves_0006 import join_texts, part_texts

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CALL_TEXTS = ("messages", "answer", "error")
PROGRAM_TEXTS = ("description", "diff", "public_metrics", "private_metrics", "text_feedback", "error")
NAMED = ("advice_id", "idea_id", "system_prompt_id")


def upgrade() -> None:
    _create_tables()
    _island_rows()
    with op.batch_alter_table("programs") as programs:
        programs.add_column(sa.Column("source", sa.Text(), server_default="", nullable=False))
        programs.add_column(sa.Column("source_key", sa.Text(), server_default="", nullable=False))
        programs.add_column(sa.Column("embedded", sa.Text(), nullable=True))
        for column in NAMED:
            programs.add_column(sa.Column(column, sa.Text(), nullable=True))
        programs.add_column(sa.Column("instance_scores", sa.JSON(), nullable=True))
        programs.add_column(sa.Column("features", sa.JSON(), nullable=True))
    with op.batch_alter_table("model_calls") as calls:
        calls.add_column(sa.Column("texts", sa.Text(), server_default="", nullable=False))
    _append_only_steps()
    part_texts(op.get_bind())
    with op.batch_alter_table("programs") as programs:
        for column in ("code", "embedding", *PROGRAM_TEXTS):
            programs.drop_column(column)
        programs.alter_column("embedded", new_column_name="embedding")
        programs.create_index("ix_programs_evolution_source_key", ["evolution", "source_key"])
    with op.batch_alter_table("model_calls") as calls:
        for column in CALL_TEXTS:
            calls.drop_column(column)


def _create_tables() -> None:
    op.create_table(
        "sources",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "position", name="pk_sources"),
    )
    op.create_table(
        "embeddings",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_embeddings"),
    )
    op.create_table(
        "program_texts",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("diff", sa.Text(), nullable=False),
        sa.Column("public_metrics", sa.JSON(), nullable=False),
        sa.Column("private_metrics", sa.JSON(), nullable=False),
        sa.Column("text_feedback", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_program_texts_program_id_programs"),
        sa.PrimaryKeyConstraint("program_id", name="pk_program_texts"),
    )
    op.create_table(
        "model_call_texts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_call_texts"),
    )
    op.create_table(
        "islands",
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("island", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("created_after", sa.Integer(), nullable=False),
        sa.Column("retired_after", sa.Integer(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_islands_evolution_evolutions"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_islands_program_id_programs"),
        sa.PrimaryKeyConstraint("evolution", "island", name="pk_islands"),
    )
    for name in ("advice", "ideas", "system_prompts"):
        op.create_table(
            name,
            sa.Column("id", sa.Text(), nullable=False),
            sa.Column("evolution", sa.Text(), nullable=False),
            sa.Column("parent_id", sa.Text(), nullable=True),
            sa.Column("created_after", sa.Integer(), nullable=False),
            sa.Column("uses", sa.Integer(), nullable=False),
            sa.Column("score", sa.Double(), nullable=True),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("details", sa.JSON(), nullable=False),
            sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name=f"fk_{name}_evolution_evolutions"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        )
        op.create_index(f"ix_{name}_evolution_created_after", name, ["evolution", "created_after"])
    op.create_table(
        "claims",
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_claims_evolution_evolutions"),
        sa.PrimaryKeyConstraint("evolution", "generation", name="pk_claims"),
    )
    op.create_index("ix_claims_evolution_done_lease_until", "claims", ["evolution", "done", "lease_until"])
    op.create_table(
        "reservations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("dollars", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_reservations_evolution_evolutions"),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
    )
    op.create_index(
        "ix_reservations_evolution_state_lease_until_dollars",
        "reservations",
        ["evolution", "state", "lease_until", "dollars"],
    )


def _island_rows() -> None:
    """An evolution had as many islands as its seed program lives on."""
    op.execute(
        "INSERT INTO islands (evolution, island, origin, created_after, settings) "
        "SELECT DISTINCT evolution, island, 'initial', 0, '{}' FROM island_members"
        if op.get_bind().dialect.name == "sqlite"
        else "INSERT INTO islands (evolution, island, origin, created_after, settings) "
        "SELECT evolution, island, 'initial', 0, '{}'::json FROM (SELECT DISTINCT evolution, island FROM island_members) m"
    )


def _steps_table(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("embedding", sa.Text(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_generation_steps_evolution_evolutions"),
        sa.PrimaryKeyConstraint("id", name="pk_generation_steps"),
    )


def _append_only_steps() -> None:
    """The same rows, named by their order instead of their place."""
    columns = "evolution, generation, step, attempt, turn, payload, seconds, created_at"
    place = "ctid" if op.get_bind().dialect.name == "postgresql" else "rowid"
    op.rename_table("generation_steps", "old_steps")
    _free_names("old_steps", "pk_generation_steps", "fk_generation_steps_evolution_evolutions")
    _steps_table("generation_steps")
    op.execute(f"INSERT INTO generation_steps ({columns}) SELECT {columns} FROM old_steps ORDER BY {place}")
    op.drop_table("old_steps")
    op.create_index("ix_generation_steps_evolution_generation", "generation_steps", ["evolution", "generation"])


def _free_names(table: str, *names: str) -> None:
    """Constraints keep their names when their table gets another; in Postgres the key's is a relation's."""
    if op.get_bind().dialect.name == "postgresql":
        for name in names:
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {name} TO old_{name}")


def downgrade() -> None:
    with op.batch_alter_table("model_calls") as calls:
        calls.add_column(sa.Column("messages", sa.JSON(), server_default="[]", nullable=False))
        calls.add_column(sa.Column("answer", sa.Text(), server_default="", nullable=False))
        calls.add_column(sa.Column("error", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("programs") as programs:
        programs.drop_index("ix_programs_evolution_source_key")
        programs.alter_column("embedding", new_column_name="embedded")
    with op.batch_alter_table("programs") as programs:
        programs.add_column(sa.Column("embedding", sa.LargeBinary(), nullable=True))
        for column in ("description", "code", "diff", "text_feedback", "error"):
            programs.add_column(sa.Column(column, sa.Text(), server_default="", nullable=False))
        for column in ("public_metrics", "private_metrics"):
            programs.add_column(sa.Column(column, sa.JSON(), server_default="{}", nullable=False))
    join_texts(op.get_bind())
    with op.batch_alter_table("programs") as programs:
        for column in ("source", "source_key", "embedded", *NAMED, "instance_scores", "features"):
            programs.drop_column(column)
    with op.batch_alter_table("model_calls") as calls:
        calls.drop_column("texts")
    _keyed_steps()
    for table in (
        "program_texts", "model_call_texts", "sources", "embeddings", "islands", "advice", "ideas", "system_prompts",
        "claims", "reservations",
    ):  # fmt: skip
        op.drop_table(table)


def _keyed_steps() -> None:
    """Of several rows at one place the last one stays."""
    columns = "evolution, generation, step, attempt, turn, payload, seconds, created_at"
    op.rename_table("generation_steps", "old_steps")
    _free_names("old_steps", "pk_generation_steps", "fk_generation_steps_evolution_evolutions")
    op.create_table(
        "generation_steps",
        sa.Column("evolution", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["evolution"], ["evolutions.name"], name="fk_generation_steps_evolution_evolutions"),
        sa.PrimaryKeyConstraint("evolution", "generation", "step", "attempt", "turn", name="pk_generation_steps"),
    )
    op.execute(
        f"INSERT INTO generation_steps ({columns}) SELECT {columns} FROM old_steps AS mine WHERE NOT EXISTS ("
        "SELECT 1 FROM old_steps AS other WHERE other.evolution = mine.evolution "
        "AND other.generation = mine.generation AND other.id > mine.id "
        "AND (other.step = 'reopened' OR (other.step = mine.step AND other.attempt = mine.attempt "
        "AND other.turn = mine.turn))) AND mine.step <> 'reopened' ORDER BY id"
    )
    op.drop_table("old_steps")
