"""Who is copied from one island to another."""

from shinka_core.population.migration.broadcast import Broadcast
from shinka_core.population.migration.none import NoMigration
from shinka_core.population.migration.protocol import MIGRATIONS, Migration, Move
from shinka_core.population.migration.random import Random
from shinka_core.population.migration.ring import Ring

__all__ = ["MIGRATIONS", "Broadcast", "Migration", "Move", "NoMigration", "Random", "Ring"]
