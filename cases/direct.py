"""The guide's equivalent direct convolution of a transposed one (S7): stretch the input, pad it, flip the kernel.

A direct convolution with k' = k, s' = 1 and p' = k̂ - p - 1 zeros at each end of the stretched input, plus a zeros at
the bottom/right; where p' is negative, it crops. The stretched and padded input is made here, so that the layer that
remains is one that every framework can say: a convolution without padding and with unit strides.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.case import Axis, Case


def padded_size(axis: Axis) -> int:
    """Size of the stretched input ĩ' = i' + (s - 1)(i' - 1), padded or cropped; not positive where nothing is left."""
    stretched = axis.i + (axis.s - 1) * (axis.i - 1)
    return stretched + axis.a + 2 * (axis.k_hat - 1) - axis.p_before - axis.p_after


def equivalent(case: Case) -> Case | None:
    """The direct convolution that equals a transposed one; None where cropping leaves no input to build it on."""
    sizes = [padded_size(axis) for axis in case.axes]
    if min(sizes) < 1:
        return None
    axes = tuple(Axis(i=size, k=axis.k, d=axis.d) for size, axis in zip(sizes, case.axes, strict=True))
    return replace(case, op="conv", axes=axes, padding="explicit", bias=False)


def flipped(case: Case, kernel: NDArray[Any]) -> NDArray[Any]:
    """The direct convolution's kernel, from the transposed one's.

    Turned by 180°, and with the parts of input and output maps exchanged within each group.

    Parameters
    ----------
    kernel : ndarray, shape (channels_in, channels_out / groups, k_1 … k_N)

    Returns
    -------
    ndarray, shape (channels_out, channels_in / groups, k_1 … k_N)
    """
    turned = np.flip(kernel, axis=tuple(range(2, kernel.ndim)))
    size = turned.shape[2:]
    own, other = case.channels_in // case.groups, case.channels_out // case.groups
    grouped = turned.reshape(case.groups, own, other, *size)
    return np.swapaxes(grouped, 1, 2).reshape(case.channels_out, own, *size)


def stretched_impulses(case: Case) -> NDArray[np.float64]:
    """The impulses of a transposed layer's input, each stretched and padded as its direct convolution takes it.

    Returns
    -------
    ndarray, shape (number of input units, channels_in, padded sizes …)
        Read-only. An impulse that the crop removes leaves zeros.
    """
    return _stretched_impulses(case.channels_in, case.axes)


@lru_cache(maxsize=64)
def _stretched_impulses(channels_in: int, axes: tuple[Axis, ...]) -> NDArray[np.float64]:
    sizes = tuple(padded_size(axis) for axis in axes)
    units = (channels_in, *(axis.i for axis in axes))
    count = math.prod(units)
    batch = np.zeros((count, channels_in, *sizes))
    place = np.indices(units).reshape(len(units), count)
    inside = np.ones(count, dtype=bool)
    for number, axis in enumerate(axes, start=1):
        place[number] = place[number] * axis.s + axis.k_hat - 1 - axis.p_before
        inside &= (place[number] >= 0) & (place[number] < sizes[number - 1])
    batch[(np.flatnonzero(inside), *place[:, inside])] = 1
    batch.flags.writeable = False
    return batch
