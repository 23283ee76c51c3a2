"""A look at a task before money is spent on it: `python flows/check_task.py FOLDER`.

It needs no model and no Prefect server.
"""

from __future__ import annotations

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    from flows.terminal.check_task import main

    main()
