"""The tables.

Every row of a run carries the run's name, so that one server can hold many evolutions. Long texts stand
last in a row and the totals have indexes of their own, because SQLite walks past whatever stands before
the column that is asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    DateTime,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shinka_core.database.texts import StorableText

# The alembic revision that these tables are; a test holds it against the migrations.
REVISION = "0005"
# Not alembic's usual name: one database of Postgres may serve Prefect too, which keeps its version under that one.
VERSION_TABLE = "shinka_schema"
LEGACY_VERSION_TABLE = "alembic_version"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        dict[str, Any]: JSON,
        list[Any]: JSON,
        datetime: DateTime(timezone=True),
        float: Double,  # of itself SQLAlchemy 2.0 would make it Float, and 2.1 Double
        str: StorableText,
    }


def table_of(model: type[Base]) -> Table:
    """The plain table of a model: statements for it skip the object-relational part."""
    return cast(Table, model.__table__)


class EvolutionRow(Base):
    """One run, and which process has it open.

    Attributes:
        owner: The mark of that process, or "".
        commits: How often its rows were committed: a sign of life, and the receipt of the last commit.
        seen_at: When that was last, in seconds since 1970 by the database's clock.
    """

    __tablename__ = "evolutions"

    name: Mapped[str] = mapped_column(primary_key=True)
    seed: Mapped[int]
    settings: Mapped[dict[str, Any]]
    state: Mapped[str]
    owner: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    commits: Mapped[int] = mapped_column(default=0, server_default="0")
    seen_at: Mapped[float] = mapped_column(default=0.0, server_default="0")


class SessionRow(Base):
    """A process that had an evolution open.

    Attributes:
        number: From 1 in each evolution.
        settings: Of all sections, with the digests of seed program and evaluator; the last row's are the truth.
        began_at: Seconds since 1970.
        ended_at: The same; of a process that was killed its last sign of life, known when the next one begins.
    """

    __tablename__ = "sessions"

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]]
    began_at: Mapped[float]
    ended_at: Mapped[float | None]


class ProgramRow(Base):
    """A scored candidate.

    Attributes:
        sequence: Its place in the order of insertion, from 1 in each evolution; given by the database.
        embedding: float32, little-endian.
    """

    __tablename__ = "programs"
    __table_args__ = (
        UniqueConstraint("evolution", "generation"),
        Index("uq_programs_evolution_sequence", "evolution", "sequence", unique=True),
        Index("ix_programs_totals", "evolution", "correct", "score", "sequence", "generation", "evaluation_seconds"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"))
    sequence: Mapped[int]
    generation: Mapped[int]
    island: Mapped[int]
    language: Mapped[str]
    score: Mapped[float | None]
    correct: Mapped[bool]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("programs.id"))
    name: Mapped[str]
    patch_type: Mapped[str | None]
    model: Mapped[str]
    cost: Mapped[float]
    evaluation_seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary)
    description: Mapped[str]
    code: Mapped[str]
    diff: Mapped[str]
    public_metrics: Mapped[dict[str, Any]]
    private_metrics: Mapped[dict[str, Any]]
    text_feedback: Mapped[str]
    error: Mapped[str]


class InspirationRow(Base):
    """Which programs were shown beside the parent, in the order shown."""

    __tablename__ = "program_inspirations"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    inspiration_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))


class IslandMemberRow(Base):
    """Which programs live on which island; the seed program lives on all.

    Attributes:
        after: How many programs were recorded when it came there; 0 for where it was recorded.
    """

    __tablename__ = "island_members"

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    island: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    after: Mapped[int] = mapped_column(default=0, server_default="0")


class GenerationRow(Base):
    """How far a generation has come, and why it failed if it did.

    Attributes:
        sequence: Its place in the order in which generations ended, from 1 in each evolution; None before.
    """

    __tablename__ = "generations"
    __table_args__ = (Index(None, "evolution", "state"), Index(None, "evolution", "sequence"))

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    sequence: Mapped[int | None]
    failure_step: Mapped[str] = mapped_column(default="")
    failure_reason: Mapped[str] = mapped_column(default="")
    failure_detail: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class StepRow(Base):
    """The outcome of one step of a generation: what a resumed run reads instead of acting again."""

    __tablename__ = "generation_steps"

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[dict[str, Any]]
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelCallRow(Base):
    """One call of a model, answered or not.

    Attributes:
        cost: US dollars, also of a call that failed.
        estimated: Whether the cost is an estimate, because the provider counted nothing.
    """

    __tablename__ = "model_calls"
    __table_args__ = (
        Index(
            "uq_model_calls_answered",
            "evolution",
            "generation",
            "purpose",
            "attempt",
            "turn",
            unique=True,
            sqlite_where=text("status = 'answered'"),
            postgresql_where=text("status = 'answered'"),
        ),
        Index(
            "ix_model_calls_totals",
            "evolution",
            "model",
            "status",
            "input_tokens",
            "output_tokens",
            "cost",
            "seconds",
            "purpose",
            "estimated",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"))
    generation: Mapped[int]
    purpose: Mapped[str]
    attempt: Mapped[int]
    turn: Mapped[int]
    model: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    input_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    cached_tokens: Mapped[int] = mapped_column(default=0)
    reasoning_tokens: Mapped[int] = mapped_column(default=0)
    cost: Mapped[float] = mapped_column(default=0.0)
    estimated: Mapped[bool] = mapped_column(default=False, server_default=false())
    seconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    messages: Mapped[list[Any]]
    answer: Mapped[str]
    error: Mapped[str] = mapped_column(default="")
