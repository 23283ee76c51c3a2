"""The program database: programs, islands, archive, model calls and the journal of generations."""

from shinka_core.database.journal import Claim
from shinka_core.database.known import KnownRun, file_at, look_up, names_in
from shinka_core.database.programs import AsyncProgramDatabase
from shinka_core.database.summary import RunSummary
from shinka_core.database.taking_up import TakeUp

__all__ = ["AsyncProgramDatabase", "Claim", "KnownRun", "RunSummary", "TakeUp", "file_at", "look_up", "names_in"]
