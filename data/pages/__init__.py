"""Pages of `docs/` that are made from runs: answers to the questions, examples of the rules, and pictures.

Belongs here: running the pipelines over the sample reports and over drawn reports with planted contradictions, and writing
what comes out. Does not belong here: pages that need no run (`pipelines.catalogue.rendering`).
"""
