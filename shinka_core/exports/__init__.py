"""An evolution in forms that others read, one a file: tables, a git history, the database of another system.

Everything is read by the read-only reader, a page at a time: beside a run that goes on, and without owning it.
"""
