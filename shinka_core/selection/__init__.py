"""Choosing islands, parents, inspirations and archive members: pure functions of values and a generator."""
