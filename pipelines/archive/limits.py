"""Rejections that depend on limits: such a file is work again once a limit is higher than it was then.

Belongs here: which reasons those are, and comparing limits. Does not belong here: the limits (`settings`) and keeping them.
"""

from __future__ import annotations

from collections.abc import Mapping

LIMIT_REASONS = frozenset({"too_large", "timeout", "out_of_memory"})


def are_higher(now: Mapping[str, int], then: Mapping[str, int] | None) -> bool:
    """Whether any limit is higher now than `then`; also where nobody knows what they were. Limits by name.

    All limits count, not only the one that was reached: which one stopped a file is not told apart, and such files are few.
    """
    return then is None or any(value > then.get(name, value) for name, value in now.items())
