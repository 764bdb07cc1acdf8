"""Why an observation differs from the theory: read off the operator itself, and said in words with numbers.

The operator holds the answer. Its entries name taps, and where a tap stands says the parameters::

    observed operator ──► Reading ──► Geometry ──► kernel, or divisors ──► causes ──► Diagnosis
                          reading     fitting      kernels, averages       sweeps     words, matrices

``Reading``
    the operator as windows × units (a transposed convolution's is turned around), what it should be, and the tap that
    each entry names (``reading``).
``Geometry``
    stride, dilation, padding, number of windows along each axis, solved from the entries in integers (``fitting``).
    Nothing is guessed: taps that are named give equations, and so does which units a window meets.
``Shown`` kernel, or shares
    with the geometry known, every entry has its tap, so the kernel that was used, or what an average divides by, is
    read off, *and the whole operator is verified on the way*: the theory's own matrix of the found parameters must
    have all entries, and no other. What was done to the kernel is then named (``kernels``, ``averages``).
``Cause``
    one thing that differs from what is claimed, of a kind and in words (``sweeps`` for the geometry). The smallest set
    is taken (``explain``).

Where no geometry holds, what is wrong in parts is looked for: padding of other units (``borders``), outputs nobody
wrote, inputs nobody read, batches (``parts``), gradients of maxima (``maxima``). Each is a hypothesis that must give
every entry exactly. Where only a shape or one column of sums is seen, layers that are built by mistake are tried
(``suspects``, for ``shapes`` and ``sums``). What nothing explains has no explanation, and says so with the evidence.

Pure NumPy: no framework, no files. It costs some milliseconds and is for what differs alone.
"""

from __future__ import annotations

from harness.diagnose.diagnosis import diagnose
from harness.diagnose.record import KINDS, Cause, Diagnosis, Kind

__all__ = ["KINDS", "Cause", "Diagnosis", "Kind", "diagnose"]
