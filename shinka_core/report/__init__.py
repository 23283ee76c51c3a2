"""The data behind every picture of an evolution, and the page that shows them.

    collect     reads a record into what the page draws; one module per question beside it
    texts       programs, prompts and answers, each line of them once
    build       one HTML file that needs nothing else
    page/       its markup, styles and scripts, with the vendored libraries and their licences

All of it is read through `EvolutionReader`: beside a run as well as after it, and without owning anything.
"""
