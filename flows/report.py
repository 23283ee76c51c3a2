"""A report of evolutions, as one HTML file: `python flows/report.py RESULTS`.

It reads beside a run as well as after it, and changes nothing.
"""

from __future__ import annotations

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    from flows.terminal.reporting import main

    main()
