"""Where programs are kept."""

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.program import Program

__all__ = ["AsyncProgramDatabase", "DatabaseConfig", "Program"]
