"""What models can be asked from here, and what they cost: `python flows/models.py [MODEL ...] [--try]`.

It reads the environment and the bundled price list; only `--look` and `--try` ask anybody.
"""

from __future__ import annotations

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    from flows.terminal.models import main

    main()
