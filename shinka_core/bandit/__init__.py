"""Which model and which operator make the next proposal: one strategy a file, and a fold that tells them what came of it."""

from shinka_core.bandit.asymmetric_ucb import AsymmetricUCB
from shinka_core.bandit.fixed import Fixed
from shinka_core.bandit.outcomes import Arms
from shinka_core.bandit.protocol import BANDITS, Arm, Bandit, Offer, Outcome, arms_of
from shinka_core.bandit.settings import bandit_of
from shinka_core.bandit.thompson import Thompson
from shinka_core.bandit.ucb1 import UCB1

__all__ = [
    "BANDITS",
    "UCB1",
    "Arm",
    "Arms",
    "AsymmetricUCB",
    "Bandit",
    "Fixed",
    "Offer",
    "Outcome",
    "Thompson",
    "arms_of",
    "bandit_of",
]
