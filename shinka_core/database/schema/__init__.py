"""The tables."""

from shinka_core.database.schema.base import LEGACY_VERSION_TABLE, NAMING, REVISION, VERSION_TABLE, Base, now, table_of
from shinka_core.database.schema.calls import CallTextRow, ModelCallRow
from shinka_core.database.schema.guidance import AdviceRow, GuidanceColumns, IdeaRow, SystemPromptRow
from shinka_core.database.schema.programs import (
    EmbeddingRow,
    InspirationRow,
    IslandMemberRow,
    IslandRow,
    ProgramRow,
    ProgramTextRow,
    SourceRow,
)
from shinka_core.database.schema.runs import (
    ClaimRow,
    DriverRow,
    EvolutionRow,
    GenerationRow,
    ReservationRow,
    SessionRow,
    StepRow,
)

__all__ = [
    "LEGACY_VERSION_TABLE",
    "NAMING",
    "REVISION",
    "VERSION_TABLE",
    "AdviceRow",
    "Base",
    "CallTextRow",
    "ClaimRow",
    "DriverRow",
    "EmbeddingRow",
    "EvolutionRow",
    "GenerationRow",
    "GuidanceColumns",
    "IdeaRow",
    "InspirationRow",
    "IslandMemberRow",
    "IslandRow",
    "ModelCallRow",
    "ProgramRow",
    "ProgramTextRow",
    "ReservationRow",
    "SessionRow",
    "SourceRow",
    "StepRow",
    "SystemPromptRow",
    "now",
    "table_of",
]
