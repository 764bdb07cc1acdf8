"""What can go wrong that is neither the theory's nor a framework's doing, and the exit code of each.

Every message is one sentence that says what is wrong, where, and what to do.
"""

from __future__ import annotations

AS_EXPECTED, UNEXPECTED, USAGE, FAILED, NOTHING, INTERRUPTED = 0, 1, 2, 3, 4, 130


class ConvarithError(Exception):
    """A message for the user, with the exit code that it ends the program with."""

    exit_code = FAILED


class UsageError(ConvarithError):
    """What was asked for cannot be understood, or contradicts itself."""

    exit_code = USAGE


class NothingSelected(ConvarithError):
    """What was asked for holds no case."""

    exit_code = NOTHING


class EnvironmentFailed(ConvarithError):
    """A framework could not be observed at all."""

    exit_code = FAILED
