"""Peers on the same work, each in an environment of its own: `$PEERS/openevolve`, `$PEERS/shinka`.

    python3 -m venv $PEERS/openevolve && $PEERS/openevolve/bin/pip install openevolve
    python3 -m venv $PEERS/shinka && $PEERS/shinka/bin/pip install shinka-evolve

Their drivers here use nothing but the peer's own interface. What counts is seen from outside, for all
in the same way: the first call at the model server, the end of the last evaluation, and the process.
"""
