"""What the layers of a case are fed: kernels and inputs, chosen so that no two hypotheses look alike.

Both sides read this page: the probes feed it to the frameworks, the theory says what must come out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cases.case import Case


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
    """
    shape = kernel_shape(case)
    return np.arange(1, math.prod(shape) + 1, dtype=np.int64).reshape(shape)


def scramble(case: Case) -> NDArray[np.int64]:
    """An input whose elements are all different and in no order, so that every window has one maximum.

    All are negative: zeros of a padding would win over each of them.

    Returns
    -------
    ndarray of shape (channels_in, i_1 … i_N)
    """
    shape = (case.channels_in, *case.each("i"))
    size = math.prod(shape)
    step = next((step for step in range(size // 2 + 1, size) if math.gcd(step, size) == 1), 1)
    return (np.arange(size, dtype=np.int64) * step % max(size, 1) - size).reshape(shape)
