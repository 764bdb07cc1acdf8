"""Outputs that nobody wrote and inputs that nobody read: they are left out, and the rest is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.diagnose import kernels
from harness.diagnose.geometry import Geometry
from harness.diagnose.kernels import Shown
from harness.diagnose.places import told
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause


def shown(reading: Reading, geometry: Geometry) -> tuple[Shown, list[Cause]] | None:
    """The kernel that a geometry shows without empty rows and columns, and which of them should not be empty.

    None if it does not explain the rest, or too little is left to say so.
    """
    empty_outputs, empty_inputs = (np.asarray(~reading.rows.any(axis=axis)) for axis in (1, 0))
    windows, units = (empty_inputs, empty_outputs) if reading.case.transposed else (empty_outputs, empty_inputs)
    c = geometry.structure(reading.windows[0], reading.units[0])
    row, column = np.divmod(c.indices, c.columns)
    kept = ~(windows[row] | units[column])
    if 2 * kept.sum() < kept.size:
        return None
    kernel = kernels.shown_by(reading, geometry, replace(c, indices=c.indices[kept], taps=c.taps[kept]))
    if kernel is None:
        return None
    left_out = (kernel.taps.reshape(-1)[c.taps] != 0) & ~kept
    outputs, inputs = (column, row) if reading.case.transposed else (row, column)
    causes = []
    lost = np.zeros(empty_outputs.size, dtype=bool)
    lost[outputs[left_out]] = True
    if (lost & empty_outputs).any():
        causes.append(
            Cause("unwritten", f"0 whatever the input: {told(lost & empty_outputs, reading.outputs, 'output')}")
        )
    lost = np.zeros(empty_inputs.size, dtype=bool)
    lost[inputs[left_out]] = True
    if (lost & empty_inputs).any():
        causes.append(Cause("unread", f"not read: {told(lost & empty_inputs, reading.inputs, 'input')}"))
    return kernel, causes
