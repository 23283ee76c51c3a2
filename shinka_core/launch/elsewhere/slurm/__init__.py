"""Slurm: what is said to it, what it says, one watcher for all jobs, and the engine over them."""

from shinka_core.launch.elsewhere.slurm.engine import Slurm as Slurm
from shinka_core.launch.elsewhere.slurm.engine import check_slurm as check_slurm
