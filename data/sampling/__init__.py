"""Sample reports from a few inputs: figures, identities and layout.

Belongs here: what `data/build_samples.py` needs to write `data/raw`. Does not belong here: anything that reads a report; the
pipelines never import this package.
"""
