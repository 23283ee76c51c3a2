"""A process of its own that looks after evaluations, so that limits hold while the driver stands still.

It is started for every run, so it loads the standard library alone.
"""
