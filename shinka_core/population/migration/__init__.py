"""Who is copied from one island to another.

    none       nobody
    random     each migrant to any other island
    ring       all migrants of an island to the next one
    broadcast  all migrants of an island to every other one

Migrants are copies and stay where they are as well, so that no island loses anything, whatever it sends: its best
programs (`best`), a share of all (`share`), or both.
"""

from shinka_core.population.migration.broadcast import Broadcast
from shinka_core.population.migration.none import NoMigration
from shinka_core.population.migration.protocol import MIGRATIONS, Migration, Move
from shinka_core.population.migration.random import Random
from shinka_core.population.migration.ring import Ring

__all__ = ["MIGRATIONS", "Broadcast", "Migration", "Move", "NoMigration", "Random", "Ring"]
