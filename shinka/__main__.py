"""`python -m shinka COMMAND`: the command `shinka`, where its folder is not on the PATH."""

from __future__ import annotations

if __name__ == "__main__":
    from shinka_core.own_packages import own_module

    own_module("flows.terminal.commands").main()
