"""What each command of `jixiao` does: one module per subject, one call into a room per command.

Belongs here: arguments of the commands, their exit codes, and how they tell what a room gave them. Does not belong here: any
work of their own. Heavy libraries are imported by the command that needs them, so that `jixiao --help` is instant.
"""
