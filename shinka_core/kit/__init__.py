"""The evaluator kit: task folders from templates, and a look at an evaluator before money is spent on it.

making      a folder from a template
languages   programs of a template, and how each language is built and run
bench       one program through the launcher that a run would have
hostile     programs that an evaluator should not fall for
looking     the seed program three times, each hostile program once
findings    what follows from that, in sentences
"""
