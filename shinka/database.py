"""Where programs are kept, and what reads them beside a run."""

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.reader import EvolutionReader
from shinka_core.program import Program

__all__ = ["AsyncProgramDatabase", "DatabaseConfig", "EvolutionReader", "Program"]
