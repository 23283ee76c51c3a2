"""What is done now and then beside the generations, one step per file."""

from shinka_core.periodic.digest import Digest
from shinka_core.periodic.protocol import PERIODICS, Named, OpenRun, Periodic, Resumable
from shinka_core.periodic.settings import periodics_of

__all__ = ["PERIODICS", "Digest", "Named", "OpenRun", "Periodic", "Resumable", "periodics_of"]
