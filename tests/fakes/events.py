"""What one process waits for of another, without asking again and again: a word, or the end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from pathlib import Path

PATIENCE = 60  # seconds, after which what should have come is taken never to come


class Pipe:
    """A named pipe, in which any process leaves words for any other, by name.

    Neither opening it nor leaving a word waits for anybody.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDWR)

    def __del__(self) -> None:
        os.close(self._end)

    def word(self, *, of: int | None = None) -> str:
        """The next words that are left there.

        Parameters
        ----------
        of : int, optional
            The process that is to leave them, and has not ended.
        """
        watched = [self._end] if of is None else [self._end, os.pidfd_open(of)]
        try:
            ready, _, _ = select.select(watched, [], [], PATIENCE)
        finally:
            for end in watched[1:]:
                os.close(end)
        assert self._end in ready, "the process has ended" if ready else "nothing was said"
        return os.read(self._end, 4096).decode()

    def say(self, word: str) -> None:
        """Leave a word."""
        os.write(self._end, f"{word}\n".encode())


def ended(processes: Iterable[int]) -> bool:
    """Whether processes, of whomever they are, have ended or do so in time."""
    for process in processes:
        try:
            end = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        try:
            if not select.select([end], [], [], PATIENCE)[0]:
                return False
        finally:
            os.close(end)
    return True
