"""The science of program evolution: selection, edits, models, novelty, evaluation, storage.

Nothing in this package imports Prefect; every part can be used and tested alone.
"""
