"""What people are told about nights: the record of each, the page made of it, the log, and the notice when one fails.

Belongs here: reading what a night left behind and saying it. Does not belong here: doing anything of a night (`defs` and the
rooms before it), and the words of the command (`commands`). Nothing here may change how a night ends.
"""
