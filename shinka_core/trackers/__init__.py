"""Trackers of experiments that are told of a run, one a file; the libraries behind them are loaded when a run begins."""

from shinka_core.trackers.mlflow import MLflowTracker
from shinka_core.trackers.settings import trackers_of
from shinka_core.trackers.tensorboard import TensorBoardTracker
from shinka_core.trackers.tracker import TRACKERS, Tracker
from shinka_core.trackers.wandb import WandbTracker

__all__ = ["TRACKERS", "MLflowTracker", "TensorBoardTracker", "Tracker", "WandbTracker", "trackers_of"]
