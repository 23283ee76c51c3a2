"""How good the programs are that a search finds for the same calls: `python -m benchmarks.search`."""
