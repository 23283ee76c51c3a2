"""The program database: programs, islands, archive, model calls and the journal of generations."""

from shinka_core.database.address import Address, address_of
from shinka_core.database.journal import Claim
from shinka_core.database.programs import AsyncProgramDatabase
from shinka_core.database.summary import RunSummary

__all__ = ["Address", "AsyncProgramDatabase", "Claim", "RunSummary", "address_of"]
