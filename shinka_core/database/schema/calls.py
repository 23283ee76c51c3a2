"""Tables of model calls: what is counted, and apart from it what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from shinka_core.database.schema.base import Base, now


class ModelCallRow(Base):
    """One call of a model, answered or not.

    Attributes:
        cost: US dollars, also of a call that failed; None where nobody knows them.
        estimated: Whether the cost is an estimate, because the provider counted nothing.
        texts: Names its row of `model_call_texts`.
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
            "cached_tokens",
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
    cost: Mapped[float | None] = mapped_column(default=0.0)
    estimated: Mapped[bool] = mapped_column(default=False, server_default=false())
    seconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    texts: Mapped[str] = mapped_column(server_default="")


class CallTextRow(Base):
    """What was asked and answered, or what went wrong, of one call.

    Attributes:
        id: Ids of later calls are larger.
        options: Those that were drawn for it; None where there was nothing to draw.
    """

    __tablename__ = "model_call_texts"

    id: Mapped[str] = mapped_column(primary_key=True)
    messages: Mapped[list[Any]]
    answer: Mapped[str]
    error: Mapped[str]
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
