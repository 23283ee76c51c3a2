"""A task folder from a template: `python flows/new_task.py NAME`."""

from __future__ import annotations

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    from flows.terminal.new_task import main

    main()
