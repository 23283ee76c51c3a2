"""A live page of evolutions, on this machine: `python flows/watch.py RESULTS ...`."""

from __future__ import annotations

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    from flows.terminal.serving import main

    main()
