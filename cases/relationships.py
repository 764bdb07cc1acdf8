"""R1 to R15: the relationships of the guide, as objects with a domain and a claim.

V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, https://arxiv.org/abs/1603.07285.
Each relationship speaks of one axis (the guide's axes do not interact, S2): its domain is a predicate over an
:class:`~cases.case.Axis`, its claim a closed form over integers. The claims are written as the guide states them and
know nothing of how an operator is built; that the two agree is for the tests to show.
"""

from __future__ import annotations

from collections.abc import Callable

from cases.case import Axis, Case, Op, Padding
from cases.claim import Claim


def _symmetric(x: Axis) -> bool:
    return x.p_before == x.p_after


def _plain(x: Axis) -> bool:
    """No dilation, nothing added at the far end, the same padding at both ends."""
    return _symmetric(x) and x.d == 1 and x.a == 0


def _transpose(x: Axis) -> bool:
    """A transposed convolution of the guide's chapter 4, where a is a remainder modulo s."""
    return _symmetric(x) and x.d == 1 and x.a < x.s and x.i > 0


_CONV: tuple[Op, ...] = ("conv",)
_POOL: tuple[Op, ...] = ("avg_pool", "max_pool")
_TRANSPOSED: tuple[Op, ...] = ("conv_transpose",)


def said(padding: Padding, axis: Axis) -> bool:
    """Whether a spelling of the padding says the axis's numbers, by the guide alone.

    'valid' is no zero padding (section 2.1); 'same' is half padding (section 2.2.1, dilated: of the effective kernel),
    which the guide defines for odd kernels and unit strides only.
    """
    if padding == "valid":
        return axis.p_before == axis.p_after == 0
    if padding == "same":
        return axis.k % 2 == 1 and axis.s == 1 and axis.a == 0 and axis.p_before == axis.p_after == axis.k_hat // 2
    return padding == "explicit"


def _by_the_guide(case: Case) -> bool:
    """Whether the layer's padding is said as the guide says it, and nothing is done that it knows nothing of."""
    return not case.ceil_mode and case.divisor is None and all(said(case.padding, axis) for axis in case.axes)


def _relationship(
    number: int,
    section: str,
    title: str,
    statement: str,
    ops: tuple[Op, ...],
    *,
    domain: Callable[[Axis], bool],
    claim: Callable[[Axis], int],
) -> Claim:
    return Claim(
        id=f"R{number}",
        title=title,
        statement=statement,
        source=f"guide, section {section}",
        ops=ops,
        domain=domain,
        claim=claim,
        layer=_by_the_guide,
    )


RELATIONSHIPS: tuple[Claim, ...] = (
    _relationship(
        1,
        "2.1",
        "No zero padding, unit strides",
        r"o = (i - k) + 1",
        _CONV,
        domain=lambda x: _plain(x) and x.s == 1 and x.p == 0,
        claim=lambda x: (x.i - x.k) + 1,
    ),
    _relationship(
        2,
        "2.2",
        "Zero padding, unit strides",
        r"o = (i - k) + 2p + 1",
        _CONV,
        domain=lambda x: _plain(x) and x.s == 1,
        claim=lambda x: (x.i - x.k) + 2 * x.p + 1,
    ),
    _relationship(
        3,
        "2.2.1",
        "Half (same) padding",
        r"o = i + 2\lfloor k/2 \rfloor - (k - 1) = i",
        _CONV,
        domain=lambda x: _plain(x) and x.s == 1 and x.k % 2 == 1 and x.p == x.k // 2,
        claim=lambda x: x.i,
    ),
    _relationship(
        4,
        "2.2.2",
        "Full padding",
        r"o = i + 2(k - 1) - (k - 1) = i + (k - 1)",
        _CONV,
        domain=lambda x: _plain(x) and x.s == 1 and x.p == x.k - 1,
        claim=lambda x: x.i + (x.k - 1),
    ),
    _relationship(
        5,
        "2.3",
        "No zero padding, non-unit strides",
        r"o = \lfloor (i - k)/s \rfloor + 1",
        _CONV,
        domain=lambda x: _plain(x) and x.p == 0,
        claim=lambda x: (x.i - x.k) // x.s + 1,
    ),
    _relationship(
        6,
        "2.4",
        "Zero padding, non-unit strides",
        r"o = \lfloor (i + 2p - k)/s \rfloor + 1",
        _CONV,
        domain=_plain,
        claim=lambda x: (x.i + 2 * x.p - x.k) // x.s + 1,
    ),
    _relationship(
        7,
        "3",
        "Pooling",
        r"o = \lfloor (i - k)/s \rfloor + 1",
        _POOL,
        domain=lambda x: _plain(x) and x.p == 0,
        claim=lambda x: (x.i - x.k) // x.s + 1,
    ),
    _relationship(
        8,
        "4.3",
        "Transpose of no zero padding, unit strides",
        r"o' = i' + (k - 1)",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.s == 1 and x.p == 0,
        claim=lambda x: x.i + (x.k - 1),
    ),
    _relationship(
        9,
        "4.4",
        "Transpose of zero padding, unit strides",
        r"o' = i' + (k - 1) - 2p",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.s == 1,
        claim=lambda x: x.i + (x.k - 1) - 2 * x.p,
    ),
    _relationship(
        10,
        "4.4.1",
        "Transpose of half (same) padding",
        r"o' = i' + (k - 1) - 2p = i'",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.s == 1 and x.k % 2 == 1 and x.p == x.k // 2,
        claim=lambda x: x.i,
    ),
    _relationship(
        11,
        "4.4.2",
        "Transpose of full padding",
        r"o' = i' + (k - 1) - 2p = i' - (k - 1)",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.s == 1 and x.p == x.k - 1,
        claim=lambda x: x.i - (x.k - 1),
    ),
    _relationship(
        12,
        "4.5",
        "Transpose of no zero padding, non-unit strides",
        r"o' = s(i' - 1) + k",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.p == 0 and x.a == 0,
        claim=lambda x: x.s * (x.i - 1) + x.k,
    ),
    _relationship(
        13,
        "4.6",
        "Transpose of zero padding, non-unit strides, s divides i + 2p - k",
        r"o' = s(i' - 1) + k - 2p",
        _TRANSPOSED,
        domain=lambda x: _transpose(x) and x.a == 0,
        claim=lambda x: x.s * (x.i - 1) + x.k - 2 * x.p,
    ),
    _relationship(
        14,
        "4.6",
        "Transpose of zero padding, non-unit strides, any input size",
        r"o' = s(i' - 1) + a + k - 2p",
        _TRANSPOSED,
        domain=_transpose,
        claim=lambda x: x.s * (x.i - 1) + x.a + x.k - 2 * x.p,
    ),
    _relationship(
        15,
        "5.1",
        "Dilated convolution",
        r"o = \left\lfloor \frac{i + 2p - k - (k - 1)(d - 1)}{s} \right\rfloor + 1",
        _CONV,
        domain=lambda x: _symmetric(x) and x.a == 0,
        claim=lambda x: (x.i + 2 * x.p - x.k - (x.k - 1) * (x.d - 1)) // x.s + 1,
    ),
)
