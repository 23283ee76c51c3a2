"""A driver of several on one evolution, as a process of its own: claims generations, or sets money aside.

python -m tests.support.drivers '{"what": "claims", "database": ..., "folder": ..., "owner": ..., ...}'
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from shinka_core.database.address import address_of
from shinka_core.database.claims import Claims
from shinka_core.database.reservations import Reservations
from shinka_core.database.shared import Separately
from shinka_core.database.store import Store

# Seconds between two acts, so that the other has its turn.
PAUSE = 0.01


async def claims(store: Store, options: dict[str, Any]) -> None:
    """Claims until there is nothing left, and says what it got; every third one is given back, or kept and abandoned."""
    mine = Claims(
        Separately(store), options["evolution"], options["owner"], options["generations"], options.get("lease", 60.0)
    )
    while (claim := await mine.next()) is not None:
        print(json.dumps({"number": claim.number, "again": claim.taken_over}), flush=True)
        if options.get("hang") == claim.number:
            await asyncio.sleep(3600)
        await asyncio.sleep(PAUSE)
        assert await mine.renew(claim)
        first = claim.number % 3 == 0 and not claim.taken_over
        assert await mine.release(claim, done=not first)


async def money(store: Store, options: dict[str, Any]) -> None:
    """Sets a dollar aside again and again, as long as there is one."""
    mine = Reservations(store, options["evolution"])
    number = 0
    while await mine.reserve(number, 1.0, options["limit"]) is not None:
        number += 1
        print(json.dumps({"number": number}), flush=True)
        await asyncio.sleep(PAUSE)


async def main(options: dict[str, Any]) -> None:
    """Does what it is told with a database that is there."""
    store = Store(address_of(options["database"], Path(options["folder"])))
    await store.open()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        await {"claims": claims, "money": money}[options["what"]](store, options)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
