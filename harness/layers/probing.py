"""Reading off what a layer is: a matrix and an offset, or which elements each window of a maximum sees.

Impulses are fed in batches, and of what comes back the entries that are not zero are kept: the operator of a layer of
some thousand inputs and outputs is sparse, and is never built whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.layers.adapting import Array, Function

AT_ONCE = 1 << 22  # numbers that are fed, or come back, in one batch
MOST = 4_000_000_000  # entries of an operator, zeros among them, that are looked at
GROUND = -2.0  # over which padding of zeros wins


class NotComparableError(ValueError):
    """A layer that is neither linear nor a maximum, or does not take the input. The message says so in a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a layer is.

    Attributes
    ----------
    name : str
    kind : {'linear', 'maximum'}
    output, input : tuple of int
        Shapes of one output and of one input: (feature maps, size along each axis).
    indices : ndarray of int64
        Positions of the entries of its operator, output * inputs + input, ascending.
    values : ndarray of float64
        The entries there; of a maximum ones.
    offset : ndarray of float64
        What comes of zeros, for each output; of a maximum, what comes of an input of -2: more where padding of zeros
        wins, minus infinity where nothing is seen.
    rounding : float
        By how much an entry may be off for how numbers are rounded, as a share of the largest.
    """

    name: str
    kind: Literal["linear", "maximum"]
    output: tuple[int, ...]
    input: tuple[int, ...]
    indices: Array
    values: Array
    offset: Array
    rounding: float


def read(function: Function, input_shape: tuple[int, ...]) -> Read:
    """Read a layer off.

    Parameters
    ----------
    function : Function
    input_shape : tuple of int
        (batch, feature maps, size along each axis); the batch does not matter.

    Raises
    ------
    NotComparableError
    """
    shape = tuple(input_shape[1:])
    if len(shape) < 2 or min(shape) < 1:
        raise NotComparableError(f"input_shape {tuple(input_shape)}: give (batch, feature maps, size along each axis)")
    zero = _fed(function, np.zeros((1, *shape)))
    output = zero.shape[1:]
    if math.prod(output) * math.prod(shape) > MOST:
        raise NotComparableError(
            f"{function.name}: {math.prod(shape)} inputs by {math.prod(output)} outputs are too many to look at; give "
            "a smaller input_shape: what matters is each size's remainder by the stride"
        )
    rounding = 16 * float(np.finfo(function.dtype).eps) if function.dtype != "bfloat16" else 0.125
    dense = _dense(shape)
    answer = _fed(function, dense[None])[0].reshape(-1)
    offset = zero.reshape(-1)
    indices, values = _operator(function, shape, offset)
    linear = Read(function.name, "linear", output, shape, indices, values, offset, rounding)
    if np.isfinite(offset).all() and _is_sum(linear, dense, answer):
        return linear
    ground = _fed(function, np.full((1, *shape), GROUND)).reshape(-1)
    maximum = Read(function.name, "maximum", output, shape, indices, values, ground, rounding)
    if bool((values == 1).all()) and _is_maximum(maximum, dense, answer):
        return maximum
    raise NotComparableError(f"{function.name} is neither linear nor a max pooling: it has no operator to compare")


def _fed(function: Function, x: Array) -> Array:
    try:
        y = np.asarray(function.call(x.astype(np.float32, copy=False)))
    except NotComparableError:
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:200]
        raise NotComparableError(
            f"{function.name} does not take an input of shape {(1, *x.shape[1:])}, feature maps first "
            f"({type(error).__name__}: {told})"
        ) from error
    if y.ndim != x.ndim or len(y) != len(x):
        raise NotComparableError(f"{function.name} makes shape {y.shape} of {x.shape}: that is no layer of such inputs")
    return y if y.dtype == np.float32 else y.astype(np.float64)


def _operator(function: Function, shape: tuple[int, ...], rest: Array) -> tuple[Array, Array]:
    """Positions and values of what impulses change of what comes of zeros."""
    inputs, outputs = math.prod(shape), rest.size
    some = max(1, AT_ONCE // max(inputs, outputs, 1))
    rows, columns, values = [], [], []
    for start in range(0, inputs, some):
        units = np.arange(start, min(start + some, inputs))
        x = np.zeros((len(units), inputs), dtype=np.float32)
        x[np.arange(len(units)), units] = 1
        y = _fed(function, x.reshape(len(units), *shape)).reshape(len(units), outputs)
        which, row = np.nonzero(y != rest)
        rows.append(row)
        columns.append(units[which])
        values.append(y[which, row].astype(np.float64) - rest[row])
    index = np.concatenate(rows) * inputs + np.concatenate(columns)
    order = np.argsort(index, kind="stable")
    return index[order], np.concatenate(values)[order]


def _dense(shape: tuple[int, ...]) -> Array:
    """An input without two equal elements, of both signs, in no order; its numbers are exact in every element type."""
    size = math.prod(shape)
    return (np.arange(size) * 37 % 61 - 30 + 0.5).reshape(shape).astype(np.float64)


def _is_sum(layer: Read, x: Array, y: Array) -> bool:
    """Whether y is the operator times x, plus the offset, as far as numbers are rounded."""
    row, column = np.divmod(layer.indices, x.size)
    terms = layer.values * x.reshape(-1)[column]
    total = np.bincount(row, weights=terms, minlength=y.size) + layer.offset
    size = np.bincount(row, weights=np.abs(terms), minlength=y.size) + np.abs(layer.offset)
    return bool(np.isfinite(y).all() and (np.abs(y - total) <= layer.rounding * size + 1e-30).all())


def _is_maximum(layer: Read, x: Array, y: Array) -> bool:
    """Whether y is the maximum of what each output sees of x, and of its padding where that is more than the ground."""
    row, column = np.divmod(layer.indices, x.size)
    padded = layer.offset > GROUND
    most = np.where(padded, layer.offset, -np.inf)
    np.maximum.at(most, row, x.reshape(-1)[column])
    return bool((y == most).all()) and not padded.all()  # if it is, that is max(x, 0)
