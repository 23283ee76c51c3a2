"""The program database: programs, islands, archive, model calls and the journal of generations."""

from shinka_core.database.address import Address, address_of
from shinka_core.database.island_summary import IslandSummary
from shinka_core.database.journal import Claim
from shinka_core.database.known import KnownRun, look_up, names_in
from shinka_core.database.programs import AsyncProgramDatabase
from shinka_core.database.reader import EvolutionReader
from shinka_core.database.summary import RunSummary, SeedSummary
from shinka_core.database.taking_up import Embeddings, TakeUp
from shinka_core.database.together import Together

__all__ = [
    "Address",
    "AsyncProgramDatabase",
    "Claim",
    "Embeddings",
    "EvolutionReader",
    "IslandSummary",
    "KnownRun",
    "RunSummary",
    "SeedSummary",
    "TakeUp",
    "Together",
    "address_of",
    "look_up",
    "names_in",
]
