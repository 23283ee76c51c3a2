"""The search over programs: one folder per question, one strategy per file.

    islands       which island the next proposal belongs to
    parents       which program it starts from
    inspirations  which others are shown beside it
    archives      who is kept as an elite
    migration     who is copied to another island

Strategies are small frozen dataclasses: pure functions of a `PopulationView` and a generator, their fields the
parameters that settings can give. Each folder's `protocol` has what a strategy must do, and the registry of them.
"""
