"""The pictures: pages that a person looks at, each one self-contained file.

Belongs here: making HTML of frames, findings and Documents. Does not belong here: reading, rules, queries of the warehouse.
"""
