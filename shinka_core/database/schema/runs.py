"""Tables of runs: who has them open, and how far their generations have come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from shinka_core.database.schema.base import Base, now


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


class DriverRow(Base):
    """A process that takes part in an evolution which several share.

    Attributes:
        mark: Tells it from every other.
        commits: That it has made: the receipt of the last one.
        joined_at: Seconds since 1970 by the database's clock; so is `seen_at`, of its last commit.
        state: `here`, `left`, or `lost` when it was silent for too long: nothing of it is taken any more.
    """

    __tablename__ = "drivers"

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    mark: Mapped[str] = mapped_column(primary_key=True)
    commits: Mapped[int] = mapped_column(default=0, server_default="0")
    joined_at: Mapped[float]
    seen_at: Mapped[float]
    state: Mapped[str]


class GenerationRow(Base):
    """How far a generation has come, and why it failed if it did.

    Attributes:
        sequence: Its place in the order in which generations ended, from 1 in each evolution; None before.
        blame: Whose fault a failure was; "": nobody's, or not known.
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
    blame: Mapped[str] = mapped_column(default="", server_default="")
    started_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class StepRow(Base):
    """The outcome of one step of a generation: what a resumed run reads instead of acting again.

    Rows are only ever added. Of several at one place (step, attempt, turn) the last one counts, and of generation 0
    those after the last row that says that it was reopened.

    Attributes:
        id: Ids of later rows are larger.
        source: `Source.digest` of the candidate in it, or None.
        embedding: Digest of the embedding in it, or None.
        payload: The rest of the outcome.
    """

    __tablename__ = "generation_steps"
    __table_args__ = (Index(None, "evolution", "generation"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"))
    generation: Mapped[int]
    step: Mapped[str]
    attempt: Mapped[int]
    turn: Mapped[int]
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)
    source: Mapped[str | None]
    embedding: Mapped[str | None]
    payload: Mapped[dict[str, Any]]


class ClaimRow(Base):
    """Which driver works on a generation, and until when it has to say so again.

    Attributes:
        owner: Of the driver's choosing; "" when it was given back.
        lease_until: Seconds since 1970 by the database's clock.
        done: Nothing is left to do.
    """

    __tablename__ = "claims"
    __table_args__ = (Index(None, "evolution", "done", "lease_until"),)

    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    lease_until: Mapped[float]
    done: Mapped[bool] = mapped_column(default=False, server_default=false())


class ReservationRow(Base):
    """Money that a driver may spend.

    Attributes:
        dollars: The most that it can come to.
        state: `held`, or `closed` when the calls it was for are in the ledger.
        lease_until: Seconds since 1970 by the database's clock; a held one counts until then.
        owner: The driver that it is for; "" where that is not told.
        purpose: Of the call, as in the ledger; so is `model`.
    """

    __tablename__ = "reservations"
    __table_args__ = (Index(None, "evolution", "state", "lease_until", "dollars"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    evolution: Mapped[str] = mapped_column(ForeignKey("evolutions.name"))
    generation: Mapped[int]
    dollars: Mapped[float]
    state: Mapped[str]
    lease_until: Mapped[float]
    owner: Mapped[str] = mapped_column(default="", server_default="")
    purpose: Mapped[str] = mapped_column(default="", server_default="")
    model: Mapped[str] = mapped_column(default="", server_default="")
