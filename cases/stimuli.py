"""What the layers of a case are fed: kernels and inputs, chosen so that no two hypotheses look alike.

Both sides read this page: the probes feed it to the frameworks, the theory says what must come out.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cases.case import Case, Dtype

# The largest number up to which the element type has every integer. Taps beyond it take several passes.
EXACT: dict[Dtype, int] = {
    "float64": 1 << 53,
    "float32": 1 << 24,
    "float16": 1 << 11,
    "bfloat16": 1 << 8,
    "int32": (1 << 31) - 1,
    "int8": (1 << 7) - 1,
}


# A maximum pooling is fed impulses of -1 over this ground. Where an output is -1 its window sees the impulse, where it
# is -2 it does not; anything else is made of the padding: 0 of zeros, -inf of a window that sees nothing at all.
MAX_POOL_GROUND = -2


def kernel_shape(case: Case) -> tuple[int, ...]:
    """Shape of a case's kernel, feature maps first.

    Of a convolution (n, m / groups, k_1 … k_N) with n output and m input maps. Of a transposed convolution: that of the
    convolution it is the transpose of, so (input maps, output maps / groups, k_1 … k_N) of the layer itself.
    """
    ends = (case.channels_in, case.channels_out) if case.transposed else (case.channels_out, case.channels_in)
    return (ends[0], ends[1] // case.groups, *case.each("k"))


def kernel(case: Case) -> NDArray[np.int64]:
    """The taps 1, 2, 3 …, in row-major order: all distinct, and no palindrome along any axis.

    Returns
    -------
    ndarray of shape :func:`kernel_shape`
        Read-only.
    """
    return _taps(kernel_shape(case))


@lru_cache(maxsize=1024)
def _taps(shape: tuple[int, ...]) -> NDArray[np.int64]:
    return _shared(np.arange(1, math.prod(shape) + 1, dtype=np.int64).reshape(shape))


def _shared(array: NDArray[np.int64]) -> NDArray[np.int64]:
    """An array that many read and nobody may write to."""
    array.flags.writeable = False
    return array


def base(case: Case) -> int:
    """The largest tap that is fed at once. With a bias, tap and bias together stay exact."""
    exact = EXACT[case.dtype]
    return exact // 2 if case.bias else exact


def passes(case: Case) -> list[NDArray[np.int64]]:
    """The kernel as digits of its taps, each digit exact in the element type; one pass where all taps are.

    The layer is run with each in turn. :func:`combined` puts the digits together again. They are read-only.
    """
    return list(_digits(kernel_shape(case), base(case)))


@lru_cache(maxsize=1024)
def _digits(shape: tuple[int, ...], base: int) -> tuple[NDArray[np.int64], ...]:
    taps, digits = _taps(shape) - 1, []
    most = int(taps.max(initial=0))
    while True:
        digits.append(_shared(taps % base + 1))
        taps, most = taps // base, most // base
        if most == 0:
            return tuple(digits)


def combined(case: Case, digits: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The operator whose taps have these digits, entry by entry.

    Where one pass has an entry and another has none, no tap explains it: not a number.
    """
    if len(digits) == 1:
        return digits[0]
    taps = np.ones_like(digits[0])
    for place, digit in enumerate(digits):
        taps += (digit - 1) * float(base(case)) ** place
    present = np.stack([digit != 0 for digit in digits])
    return np.where(present.all(axis=0), taps, np.where(present.any(axis=0), np.nan, 0.0))


def bias(case: Case) -> NDArray[np.int64]:
    """A number for each output map: distinct while the element type allows it, and none of them 0."""
    return np.arange(case.channels_out, dtype=np.int64) % (EXACT[case.dtype] // 2) + 1


def least(case: Case) -> float:
    """The maximum of nothing: minus infinity, or the least integer that the element type has."""
    return -np.inf if case.floating else float(np.iinfo(case.dtype).min)


def amplitude(case: Case) -> int:
    """The largest integer A such that a dense input within ±A gives sums that the element type has exactly; 0 if none.

    However the products of taps and inputs are added up, every partial sum stays within the type's integers.
    """
    if case.op == "avg_pool":
        return 0  # an average of several elements is rounded
    if case.op == "max_pool":
        return min(EXACT[case.dtype], _MOST)
    taps = math.prod(case.each("k")) * case.channels_in // case.groups
    largest = taps * math.prod(kernel_shape(case))
    room = EXACT[case.dtype] - (int(bias(case).max(initial=0)) if case.bias else 0)
    return min(room // max(largest, 1), _MOST)


def declared_batch(case: Case) -> int:
    """How many inputs a layer is declared for where nothing is computed: what the case says, else more than one."""
    return 2 if case.batch is None else case.batch


_MOST = 1 << 13  # enough binary digits to show an input that is cut to TF32's or bfloat16's


def dense(case: Case) -> NDArray[np.int64]:
    """One input whose elements are integers of both signs, none of them 0, in no order.

    One impulse at a time shows every tap, but not that products are added: a maximum over the input maps, or an
    overlap that is overwritten, looks the same. This input shows them, and so inputs that are rounded.

    Returns
    -------
    ndarray of shape (channels_in, i_1 … i_N)
    """
    shape, most = (case.channels_in, *case.each("i")), amplitude(case)
    number = np.arange(1, math.prod(shape) + 1, dtype=np.int64)
    size = number * 7919 % most + 1
    return np.where(number * 5 % 7 % 2 == 0, size, -size).reshape(shape)


def scramble(case: Case) -> NDArray[np.float64]:
    """An input whose elements are all different and in no order, so that every window has one maximum.

    All are negative: zeros of a padding would win over each of them. They stay different in the element type, however
    many there are: where its integers end, they go on in the numbers it has between powers of two.

    Returns
    -------
    ndarray of shape (channels_in, i_1 … i_N)
    """
    shape = (case.channels_in, *case.each("i"))
    size = math.prod(shape)
    step = next((step for step in range(size // 2 + 1, size) if math.gcd(step, size) == 1), 1)
    rank = np.arange(size, dtype=np.int64) * step % max(size, 1)
    units = (rank - size).astype(np.float64)
    if size > EXACT[case.dtype] and case.floating:
        octave = EXACT[case.dtype] // 2  # how many numbers the element type has from one power of two to the next
        # From the least normal number of float16 on, so that its largest, 2^15, comes as late as can be.
        units = -np.ldexp(1 + (size - 1 - rank) % octave / octave, (size - 1 - rank) // octave - 14)
    return units.reshape(shape)
