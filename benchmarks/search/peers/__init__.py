"""Drivers of whole runs, each in a process of its own: ours, and the peers' in environments of their own.

    python3 -m venv $PEERS/shinka && $PEERS/shinka/bin/pip install shinka-evolve==0.0.7
    python3 -m venv $PEERS/openevolve && $PEERS/openevolve/bin/pip install openevolve==0.4.0

A driver's argument is JSON, as `whole.py` makes it. The peers' use nothing but the peer's own interface.
"""
