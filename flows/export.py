"""Exports an evolution in a form that others read.

python flows/export.py results/my-run --to csv
"""

if __name__ == "__main__":
    import os
    import sys

    # Our packages before anybody else's of the same names, and none of their files under a name of its own.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    try:
        from flows.terminal.exporting import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
