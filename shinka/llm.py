"""Asking models."""

from shinka_core.llm import AsyncLLMClient

__all__ = ["AsyncLLMClient"]
