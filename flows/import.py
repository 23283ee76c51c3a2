"""Imports a run of another system as an evolution of ours.

python flows/import.py openevolve_output/checkpoints/checkpoint_100
"""

if __name__ == "__main__":
    import os
    import sys

    # Our packages before anybody else's of the same names, and none of their files under a name of its own.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    try:
        from flows.terminal.importing import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
