"""Runs of other systems, each read by a file of its own, and made into an evolution that everything here reads."""
