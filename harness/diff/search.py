"""Between which two of many releases something changed, by looking at few of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass

Look = Callable[[str], Hashable | None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    Attributes
    ----------
    good, bad : str
        The last release that is as the first, and the first that is not, as far as one can see.
    skipped : tuple of str
        Releases between the two that there is nothing to see of.
    changes : tuple of (str, str)
        All pairs of neighbours, of the releases that were looked at, that differ; more than one where the history is
        not that of a single change.
    looked : tuple of str
        The releases that were looked at, in their own order.
    """

    good: str
    bad: str
    skipped: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]
    looked: tuple[str, ...]


def search(releases: Sequence[str], look: Look, free: Collection[str] = ()) -> Found | None:
    """Find a change.

    Parameters
    ----------
    releases : sequence of str
        Two at least, in their order; they are taken to differ at the ends.
    look : callable
        What is seen of a release; None if nothing can be. Called once for each that is looked at, of which there are no
        more than 2 + ⌈log2(n − 1)⌉ of n releases, but for those that nothing is seen of and those that are free.
    free : collection of str
        Releases that cost nothing to look at, which all are in the end: a history of several changes shows there.

    Returns
    -------
    Found or None
        None if the ends are the same, or nothing is seen of one of them.
    """
    seen: dict[int, Hashable | None] = {}

    def at(number: int) -> Hashable | None:
        if number not in seen:
            seen[number] = look(releases[number])
        return seen[number]

    low, high = 0, len(releases) - 1
    good, bad = at(low), at(high)
    if good is None or bad is None or good == bad:
        return None
    while True:
        between = [number for number in range(low + 1, high) if number not in seen]
        if not between:
            break
        number = min(between, key=lambda number: (abs(2 * number - low - high), number))
        found = at(number)
        if found is None:
            continue
        if found == good:
            low = number
        else:
            high = number
    for number, release in enumerate(releases):
        if release in free:
            at(number)
    looked = [number for number in sorted(seen) if seen[number] is not None]
    return Found(
        good=releases[low],
        bad=releases[high],
        skipped=tuple(releases[number] for number in range(low + 1, high)),
        changes=tuple(
            (releases[one], releases[other]) for one, other in itertools.pairwise(looked) if seen[one] != seen[other]
        ),
        looked=tuple(releases[number] for number in looked),
    )
