"""Contracts of the interchangeable parts, as tests for one's own: subclass the one of your part."""

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from shinka.testing.launchers import LauncherContract
    from shinka.testing.periodics import PeriodicContract
    from shinka.testing.reviewers import ReviewerContract

__all__ = ["LauncherContract", "PeriodicContract", "ReviewerContract"]

_HOMES = {
    "LauncherContract": "shinka.testing.launchers",
    "PeriodicContract": "shinka.testing.periodics",
    "ReviewerContract": "shinka.testing.reviewers",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
