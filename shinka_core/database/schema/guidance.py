"""Tables of what is written about the search itself: advice, ideas and system prompts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shinka_core.database.schema.base import Base, now


class GuidanceColumns:
    """What the three have in common.

    Attributes:
        parent_id: The one that it was made of; of its own table.
        created_after: How many programs were recorded by then.
        uses: How many samplings have shown it.
        score: What came of them, larger is better; None while nothing is known.
        details: What else belongs to it, in words of whoever wrote it.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    parent_id: Mapped[str | None]
    created_after: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    score: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str]
    details: Mapped[dict[str, Any]]

    @declared_attr
    def evolution(self) -> Mapped[str]:
        """Whose it is."""
        return mapped_column(ForeignKey("evolutions.name"))


class AdviceRow(GuidanceColumns, Base):
    """What was learned from programs so far, for the models to read."""

    __tablename__ = "advice"
    __table_args__ = (Index(None, "evolution", "created_after"),)


class IdeaRow(GuidanceColumns, Base):
    """Something to try, and what came of it."""

    __tablename__ = "ideas"
    __table_args__ = (Index(None, "evolution", "created_after"),)


class SystemPromptRow(GuidanceColumns, Base):
    """How models are told what they are for."""

    __tablename__ = "system_prompts"
    __table_args__ = (Index(None, "evolution", "created_after"),)
