"""Asking models: one client, several providers, prices and errors."""

from shinka_core.llm.client import AsyncLLMClient

__all__ = ["AsyncLLMClient"]
