"""The faults to plant, by what is wrong; ``making`` has what they are made with."""

from __future__ import annotations

from harness.selftest.faults import answers, borders, conduct, gradients, kernels, layers, sums, transposed, windows
from harness.selftest.planting import Fault

FAULTS: tuple[Fault, ...] = tuple(
    fault
    for module in (windows, kernels, borders, transposed, gradients, layers, sums, answers, conduct)
    for fault in module.FAULTS
)
BY_NAME: dict[str, Fault] = {fault.name: fault for fault in FAULTS}
