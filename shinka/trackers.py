"""Trackers of experiments: `callbacks=MLflowTracker()`, or `trackers: [mlflow]` in the settings."""

from shinka_core.trackers import TRACKERS, MLflowTracker, TensorBoardTracker, Tracker, WandbTracker

__all__ = ["TRACKERS", "MLflowTracker", "TensorBoardTracker", "Tracker", "WandbTracker"]
