"""What is wrong output by output, where no geometry holds: empty, another output's, or numbers that no tap explains."""

from __future__ import annotations

import numpy as np

from harness.diagnose.parts import explicable
from harness.diagnose.places import told
from harness.diagnose.reading import Flags, Integers, Reading
from harness.diagnose.record import Cause


def causes(reading: Reading) -> tuple[list[Cause], bool]:
    """What can be said of the outputs that are wrong, and whether that is all of them.

    Only where some outputs are right: what holds for these says that the layer is still the one that was asked for.
    """
    if not reading.same_shape:
        return [], False
    rows, wanted = reading.rows, reading.wanted_rows
    wrong: Flags = np.asarray(reading.differing_rows.any(axis=1))
    if not (wanted[~wrong] != 0).any():
        return [], False
    empty = wrong & ~rows.any(axis=1)
    strange = wrong & np.asarray((~explicable(reading, rows)).any(axis=1))
    source = _sources(reading, wrong & ~empty & ~strange)
    said = []
    if empty.any():
        said.append(
            Cause("unwritten", f"0 whatever the input: {told(empty, reading.outputs, 'output')}", int(empty.sum()))
        )
    if (source >= 0).any():
        said.append(Cause("displaced", _displaced(reading, source), int((source >= 0).sum())))
    if strange.any():
        first = rows[strange][~explicable(reading, rows[strange])][0]
        where = told(strange, reading.outputs, "output")
        said.append(
            Cause("unwritten", f"memory that nobody wrote, numbers like {first:.4g}: {where}", int(strange.sum()))
        )
    return said, bool((empty | strange | (source >= 0))[wrong].all())


def _sources(reading: Reading, wrong: Flags) -> Integers:
    """For each of some outputs the other one that should be what it is; -1 if there is none, and for the rest."""
    known = {row.tobytes(): number for number, row in enumerate(np.ascontiguousarray(reading.wanted_rows)) if row.any()}
    source = np.full(wrong.size, -1, dtype=np.int64)
    rows = np.ascontiguousarray(reading.rows)
    for number in np.flatnonzero(wrong):
        source[number] = known.get(rows[number].tobytes(), -1)
    return source


def _displaced(reading: Reading, source: Integers) -> str:
    """Where outputs went: from which to which, together where they can be told together."""
    theirs = np.zeros(source.size, dtype=bool)
    theirs[source[source >= 0]] = True
    mine = source >= 0
    if mine.sum() == theirs.sum():
        pair = (told(places, reading.outputs, "output") for places in (mine, theirs))
        return f"{next(pair)} hold{'s' if mine.sum() == 1 else ''} what belongs to {next(pair)}"
    number = int(np.flatnonzero(mine)[0])
    places = (tuple(int(n) for n in np.unravel_index(one, reading.outputs)) for one in (number, int(source[number])))
    return f"{int(mine.sum())} outputs hold what belongs to others, output {next(places)} that of {next(places)}"
