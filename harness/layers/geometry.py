"""Stride, dilation and padding of an operator along each axis, solved from which output sees which input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.layers.adapting import Array
from harness.layers.probing import Read


@dataclass(frozen=True, slots=True)
class Along:
    """One axis of a layer that moves one window: input = s · output + d · t - before.

    Of a transposed convolution, with input and output exchanged: the numbers are of the convolution that it is the
    transpose of, and what is padded there is cropped here.

    Attributes
    ----------
    transposed : bool
    k, s, d : int
        Size of the window in taps, stride, dilation.
    before, after : int
        Units of padding that windows reach at either end; negative where units are left out.
    """

    transposed: bool
    k: int
    s: int
    d: int
    before: int
    after: int

    @property
    def pads(self) -> tuple[int, int]:
        """Both ends."""
        return self.before, self.after


def along(layer: Read) -> tuple[Along, ...] | None:
    """The geometry of a layer along each axis; None where no one window, moved by a stride, makes its entries."""
    row, column = np.divmod(layer.indices, int(np.prod(layer.input)))
    outputs, inputs = np.unravel_index(row, layer.output), np.unravel_index(column, layer.input)
    found = []
    for axis in range(1, len(layer.input)):
        sees = np.zeros((layer.output[axis], layer.input[axis]), dtype=bool)
        sees[outputs[axis], inputs[axis]] = True
        one = _solved(sees, transposed=False) or _solved(sees.T, transposed=True)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def _solved(sees: NDArray[np.bool_], *, transposed: bool) -> Along | None:
    """The smallest window that, moved by a stride, sees exactly these units."""
    windows, units = sees.shape
    counts = sees.sum(axis=1)
    if not counts.any():
        return None
    full = np.flatnonzero(counts == counts.max())
    k = int(counts.max())
    places = [np.flatnonzero(sees[row]) for row in full]
    gaps = {int(gap) for place in places for gap in np.diff(place)}
    if len(gaps) > 1:
        return None
    d = gaps.pop() if gaps else 1
    first = np.array([place[0] for place in places])
    strides = range(1, units + 1)
    if len(full) > 1:
        step, rest = divmod(int(first[-1] - first[0]), int(full[-1] - full[0]))
        if rest or step < 1:
            return _larger(sees, transposed=transposed)
        strides = range(step, step + 1)
    for s in strides:
        before = int(s * full[0] - first[0])
        one = Along(transposed, k, s, d, before, (windows - 1) * s + (k - 1) * d + 1 - units - before)
        if _makes(one, sees):
            return one
    return _larger(sees, transposed=transposed)


def _larger(sees: NDArray[np.bool_], *, transposed: bool) -> Along | None:
    """A window that no output sees whole: it is larger than the input, or as large."""
    windows, units = sees.shape
    if max(sees.shape) > 16:
        return None
    for k in range(1, units + windows + 1):
        for d in range(1, 4):
            for s in range(1, 4):
                seen = np.argwhere(sees)[0]
                for t in range(k):
                    before = int(s * seen[0] + d * t - seen[1])
                    one = Along(transposed, k, s, d, before, (windows - 1) * s + (k - 1) * d + 1 - units - before)
                    if _makes(one, sees):
                        return one
    return None


def _makes(one: Along, sees: NDArray[np.bool_]) -> bool:
    """Whether its windows see exactly these units."""
    windows, units = sees.shape
    place = one.s * np.arange(windows)[:, None] + one.d * np.arange(one.k) - one.before
    made = np.zeros_like(sees)
    inside = (place >= 0) & (place < units)
    made[np.nonzero(inside)[0], place[inside]] = True
    return bool((made == sees).all())


def kernel(layer: Read, axes: tuple[Along, ...], bound: float) -> Array | None:
    """The taps, of shape (output maps, input maps, k_1 … k_N); None where one tap has several values.

    What no entry shows is zero.
    """
    row, column = np.divmod(layer.indices, int(np.prod(layer.input)))
    outputs, inputs = np.unravel_index(row, layer.output), np.unravel_index(column, layer.input)
    place = [outputs[0], inputs[0]]
    for number, one in enumerate(axes, 1):
        window, unit = (inputs, outputs) if one.transposed else (outputs, inputs)
        place.append((unit[number] - one.s * window[number] + one.before) // one.d)
    taps = np.zeros((layer.output[0], layer.input[0], *(one.k for one in axes)))
    taps[tuple(place)] = layer.values
    return taps if bool((np.abs(taps[tuple(place)] - layer.values) <= bound).all()) else None
