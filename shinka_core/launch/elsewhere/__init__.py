"""Evaluations on other machines: one launcher over several engines, and what is carried there and back."""

from shinka_core.launch.elsewhere.errand import Errand as Errand
from shinka_core.launch.elsewhere.launcher import ElsewhereLauncher as ElsewhereLauncher
from shinka_core.launch.elsewhere.launcher import Engine as Engine
