"""Tables of programs and of where they live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shinka_core.database.schema.base import Base, now


class SourceRow(Base):
    """One file of a source: the same text is stored once, whoever has it.

    Attributes:
        digest: `Source.digest`.
        path: Inside the program's folder; "" for a program that is one file.
        text: Of a file in a folder the digest of the source that this one file is by itself.
    """

    __tablename__ = "sources"

    digest: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]


class EmbeddingRow(Base):
    """An embedding, stored once for the judged candidate and the program that comes of it.

    Attributes:
        digest: Of the vector.
        vector: float32, little-endian.
    """

    __tablename__ = "embeddings"

    digest: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class ProgramRow(Base):
    """A scored candidate; what is long about it is in `program_texts`, `sources` and `embeddings`.

    Attributes:
        sequence: Its place in the order of insertion, from 1 in each evolution; given by the database.
        source: `Source.digest` of its files.
        source_key: `Source.key`: exact duplicates have the same.
        embedding: Digest of its embedding.
        advice_id: What was written about the search and shown when it was proposed; so are the next two.
        instance_scores: By name; None when the evaluator gave none, as for features.
        sampled_after: How many programs were recorded when its parent was sampled; None where that is not known.
    """

    __tablename__ = "programs"
    __table_args__ = (
        UniqueConstraint("evolution", "generation"),
        Index("uq_programs_evolution_sequence", "evolution", "sequence", unique=True),
        Index("ix_programs_totals", "evolution", "correct", "score", "sequence", "generation", "evaluation_seconds"),
        Index(None, "evolution", "source_key"),
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
    cost: Mapped[float | None]
    evaluation_seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)
    source: Mapped[str] = mapped_column(server_default="")
    source_key: Mapped[str] = mapped_column(server_default="")
    embedding: Mapped[str | None]
    advice_id: Mapped[str | None]
    idea_id: Mapped[str | None]
    system_prompt_id: Mapped[str | None]
    instance_scores: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    features: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    sampled_after: Mapped[int | None]


class ProgramTextRow(Base):
    """What is long about a program, besides its source.

    Attributes:
        feedback: What the evaluator told in pieces; None when it told nothing so.
    """

    __tablename__ = "program_texts"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    description: Mapped[str]
    diff: Mapped[str]
    public_metrics: Mapped[dict[str, Any]]
    private_metrics: Mapped[dict[str, Any]]
    text_feedback: Mapped[str]
    error: Mapped[str]
    feedback: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


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
    __table_args__ = (Index(None, "evolution", "after"),)

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    island: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    after: Mapped[int] = mapped_column(default=0, server_default="0")


class IslandRow(Base):
    """A trajectory of the search.

    Attributes:
        origin: `initial`, or why it was spawned: from the `best` program, one of the `archive`, a `bootstrap` program.
        program_id: The program that it was spawned with; None for an initial one.
        created_after: How many programs were recorded by then.
        retired_after: The same of the moment from which nothing is proposed on it any more; None while it lives.
        settings: Its own, over those of the run.
    """

    __tablename__ = "islands"

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    island: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str]
    program_id: Mapped[str | None] = mapped_column(ForeignKey("programs.id"))
    created_after: Mapped[int] = mapped_column(default=0)
    retired_after: Mapped[int | None]
    settings: Mapped[dict[str, Any]]
