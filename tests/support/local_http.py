"""Asking servers of this machine over HTTP.

A client made for one call, as `httpx.get` makes it, reads all certificates of the world first: 50 ms of processor time, where
tests ask twenty times a second whether something has happened. This one reads none, and keeps no connection to a server
that a test may kill.
"""

from __future__ import annotations

import httpx

_CLIENT = httpx.Client(trust_env=False, verify=False, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))

get = _CLIENT.get
post = _CLIENT.post
patch = _CLIENT.patch
delete = _CLIENT.delete
