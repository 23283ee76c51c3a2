"""Calling `wolframscript` from an evaluator."""

from shinka_core.shinkaevolve.wolfram import build_wolframscript_argv, is_wolframscript_available, wolframscript_bin

__all__ = ["build_wolframscript_argv", "is_wolframscript_available", "wolframscript_bin"]
