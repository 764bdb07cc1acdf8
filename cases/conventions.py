"""X1, X2 …: conventions beyond the guide, as claims of their own, each with its formula and its source.

The guide pads with zeros in numbers, alike at both ends, and rounds down. Frameworks also pad by name, by numbers that
differ at the two ends, round up, and differ in what an average divides by. These are no deviations: each is documented
somewhere, has a formula, and is checked as such.
"""

from __future__ import annotations

from dataclasses import replace

from cases.case import Axis, Case, Op, Padding
from cases.claim import Claim

_CONV: tuple[Op, ...] = ("conv",)
_POOL: tuple[Op, ...] = ("avg_pool", "max_pool")
_SLIDING: tuple[Op, ...] = ("conv", "avg_pool", "max_pool")
_TRANSPOSED: tuple[Op, ...] = ("conv_transpose",)

Ends = tuple[int, int]

TENSORFLOW_SAME = "https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2"
JAX_PADDING = "https://docs.jax.dev/en/latest/_autosummary/jax.lax.conv_general_dilated.html"
JAX_TRANSPOSE = "https://docs.jax.dev/en/latest/_autosummary/jax.lax.conv_transpose.html"
KERAS_CAUSAL = "https://keras.io/api/layers/convolution_layers/convolution1d/"
KERAS_TRANSPOSE = "https://keras.io/api/layers/convolution_layers/convolution2d_transpose/"
ONNX_CONV = "https://onnx.ai/onnx/operators/onnx__Conv.html"
TORCH_CONV = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"
TORCH_AVERAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html"
TORCH_MAXIMUM = "https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html"
TORCH_TRANSPOSE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html"
TENSORFLOW_TRANSPOSE = "https://www.tensorflow.org/api_docs/python/tf/nn/conv2d_transpose"


def same(i: int, k_hat: int, s: int) -> Ends:
    """Padding of SAME: as much as ⌈i/s⌉ windows need, the odd zero at the end (X1)."""
    total = max(0, (-(-i // s) - 1) * s + k_hat - i)
    return total // 2, total - total // 2


def same_transposed(i: int, k_hat: int, s: int, o: int) -> tuple[int, int, int]:
    """Padding and a of the SAME convolution from o to i units, whose transpose goes from i to o units (X15)."""
    before, after = same(o, k_hat, s)
    return before, after, o + before + after - k_hat - s * (i - 1)


def numbers(op: Op, padding: Padding, axis: Axis) -> Axis | None:
    """The axis with the numbers that a name is claimed to mean.

    Parameters
    ----------
    axis : Axis
        Its p is not read. Its a is, of a transposed convolution, where the name leaves the output's size to the
        caller: 'valid' adds a units, 'same' makes the output a units smaller than s·i'.

    Returns
    -------
    Axis or None
        None where the name has no meaning there.
    """
    i, k, s, d, a, k_hat = axis.i, axis.k, axis.s, axis.d, axis.a, axis.k_hat
    if padding == "valid":
        return Axis(i, k, s, 0, 0, d, a)
    if op == "conv_transpose":
        if padding != "same" or a >= s or s * i - a < 1:
            return None
        before, after, rest = same_transposed(i, k_hat, s, s * i - a)
        return Axis(i, k, s, before, after, d, rest)
    if padding == "causal":
        return Axis(i, k, s, k_hat - 1, 0, d) if op == "conv" else None
    before, after = same(i, k_hat, s)
    return Axis(i, k, s, *((before, after) if padding == "same" else (after, before)), d)


def _ends(x: Axis) -> Ends:
    return x.p_before, x.p_after


def _floor(x: Axis) -> int:
    """Number of windows that fit, rounded down, with the padding of either end as it is."""
    return (x.i + x.p_before + x.p_after - x.k_hat) // x.s + 1


def _ceil(x: Axis) -> int:
    """Rounded up, without a last window that would start in the far padding."""
    o = -(-(x.i + x.p_before + x.p_after - x.k_hat) // x.s) + 1
    return o - 1 if (o - 1) * x.s >= x.i + x.p_before else o


def _stretched(x: Axis) -> int:
    """Size of a transposed convolution's output."""
    return x.s * (x.i - 1) + x.a + x.k_hat - x.p_before - x.p_after


def _half(x: Axis) -> bool:
    """Padding of at most half a window, where ceil mode is defined: no window lies in the far padding alone."""
    return x.a == 0 and max(x.p_before, x.p_after) <= x.k_hat // 2


def _uneven(case: Case) -> bool:
    return any(axis.p_before != axis.p_after for axis in case.axes)


def _dilated(case: Case) -> bool:
    return any(axis.d > 1 for axis in case.axes)


def _numbered(case: Case) -> bool:
    return case.padding == "explicit"


def means(op: Op, padding: Padding, axis: Axis) -> bool:
    """Whether an axis has the numbers that a name is claimed to mean; always, where they are said as numbers."""
    if padding == "explicit":
        return True
    if padding == "valid":
        return _ends(axis) == (0, 0)
    if op == "conv_transpose":
        return padding == "same" and axis.i > 0 and _chosen(axis)
    if padding == "causal":
        return op == "conv" and _ends(axis) == (axis.k_hat - 1, 0)
    ends = same(axis.i, axis.k_hat, axis.s)
    return _ends(axis) == (ends if padding == "same" else ends[::-1])


def _chosen(x: Axis) -> bool:
    """Whether the numbers are those of SAME for the output's size that they lead to."""
    o = _stretched(x)
    return x.s * (x.i - 1) < o <= x.s * x.i and (*_ends(x), x.a) == same_transposed(x.i, x.k_hat, x.s, o)


_CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="X1",
        title="SAME: the odd zero at the end",
        statement=r"o = \lceil i/s \rceil,\ p = \max(0, (o - 1)s + \hat k - i),"
        r"\ p_{before} = \lfloor p/2 \rfloor,\ p_{after} = p - p_{before}",
        source=TENSORFLOW_SAME,
        ops=_SLIDING,
        layer=lambda case: case.padding == "same" and not case.ceil_mode,
        domain=lambda x: _ends(x) == same(x.i, x.k_hat, x.s),
        claim=lambda x: -(-x.i // x.s),
    ),
    Claim(
        id="X2",
        title="SAME_LOWER: the odd zero at the beginning",
        statement=r"o = \lceil i/s \rceil,\ p_{after} = \lfloor p/2 \rfloor,\ p_{before} = p - p_{after}",
        source=JAX_PADDING,
        ops=_SLIDING,
        layer=lambda case: case.padding == "same_lower" and not case.ceil_mode,
        domain=lambda x: _ends(x) == same(x.i, x.k_hat, x.s)[::-1],
        claim=lambda x: -(-x.i // x.s),
    ),
    Claim(
        id="X3",
        title="torch's 'same': unit strides, any kernel",
        statement=r"o = i,\ p_{before} = \lfloor d(k - 1)/2 \rfloor,\ p_{after} = d(k - 1) - p_{before}",
        source=TORCH_CONV,
        ops=_CONV,
        layer=lambda case: case.padding == "same",
        domain=lambda x: (
            x.s == 1 and _ends(x) == (x.d * (x.k - 1) // 2, x.d * (x.k - 1) - x.d * (x.k - 1) // 2) and x.i > 0
        ),
        claim=lambda x: x.i,
    ),
    Claim(
        id="X4",
        title="Causal: all the padding before",
        statement=r"o = \lfloor (i - 1)/s \rfloor + 1,\ p_{before} = \hat k - 1,\ p_{after} = 0",
        source=KERAS_CAUSAL,
        ops=_CONV,
        layer=lambda case: case.padding == "causal",
        domain=lambda x: _ends(x) == (x.k_hat - 1, 0),
        claim=lambda x: (x.i - 1) // x.s + 1,
    ),
    Claim(
        id="X5",
        title="Full padding, strided and dilated",
        statement=r"o = \lfloor (i + \hat k - 2)/s \rfloor + 1,\ p = \hat k - 1",
        source="guide, section 2.2.2, where s = d = 1",
        ops=_CONV,
        layer=lambda case: _numbered(case) and any(axis.s > 1 or axis.d > 1 for axis in case.axes),
        domain=lambda x: _ends(x) == (x.k_hat - 1, x.k_hat - 1),
        claim=lambda x: (x.i + x.k_hat - 2) // x.s + 1,
    ),
    Claim(
        id="X6",
        title="Padding that differs at the two ends",
        statement=r"o = \lfloor (i + p_{before} + p_{after} - \hat k)/s \rfloor + 1",
        source=ONNX_CONV,
        ops=_CONV,
        layer=lambda case: _numbered(case) and _uneven(case),
        domain=lambda x: x.a == 0,
        claim=_floor,
    ),
    Claim(
        id="X7",
        title="Pooling, padded and dilated",
        statement=r"o = \lfloor (i + p_{before} + p_{after} - \hat k)/s \rfloor + 1",
        source=TORCH_MAXIMUM,
        ops=_POOL,
        layer=lambda case: (
            case.padding in ("explicit", "valid") and not case.ceil_mode and (case.padded or _dilated(case))
        ),
        domain=lambda x: x.a == 0,
        claim=_floor,
    ),
    Claim(
        id="X8",
        title="Pooling in ceil mode: a window that starts in the far padding is dropped",
        statement=r"o = \lceil (i + p_{before} + p_{after} - \hat k)/s \rceil + 1,"
        r"\ \text{less one if } (o - 1)s \ge i + p_{before}",
        source=TORCH_MAXIMUM,
        ops=_POOL,
        layer=lambda case: case.ceil_mode and case.padding in ("explicit", "valid"),
        domain=_half,
        claim=_ceil,
    ),
    Claim(
        id="X9",
        title="Average pooling's divisor counts the padding, or does not",
        statement=r"1/c:\ c = \prod k \text{, or the number of units of the window that are no padding}",
        source=TORCH_AVERAGE,
        ops=("avg_pool",),
        layer=lambda case: case.padded and not case.ceil_mode and case.divisor is None,
        domain=lambda x: x.a == 0,
        claim=_floor,
    ),
    Claim(
        id="X10",
        title="Average pooling with a divisor of the caller's",
        statement=r"1/c \text{ in every window, whatever it covers}",
        source=TORCH_AVERAGE,
        ops=("avg_pool",),
        layer=lambda case: case.divisor is not None and not case.ceil_mode,
        domain=lambda x: x.a == 0,
        claim=_floor,
    ),
    Claim(
        id="X11",
        title="Average pooling's divisor in a window that overhangs",
        statement=r"1/c:\ c \text{ counts units up to } i + p_{after} \text{ only}",
        source=TORCH_AVERAGE,
        ops=("avg_pool",),
        layer=lambda case: case.ceil_mode and case.padding in ("explicit", "valid"),
        domain=_half,
        claim=_ceil,
    ),
    Claim(
        id="X12",
        title="Max pooling pads with minus infinity",
        statement=r"\max \text{ over the units of the window that are no padding}",
        source=TORCH_MAXIMUM,
        ops=("max_pool",),
        layer=lambda case: case.padded and not case.ceil_mode,
        domain=lambda x: x.a == 0,
        claim=_floor,
    ),
    Claim(
        id="X13",
        title="Transposed convolution, dilated, or with padding that differs at the two ends",
        statement=r"o' = s(i' - 1) + a + \hat k - p_{before} - p_{after},\ a < s",
        source=TORCH_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: case.padding in ("explicit", "valid") and (_dilated(case) or _uneven(case)),
        domain=lambda x: x.a < x.s and x.i > 0,
        claim=_stretched,
    ),
    Claim(
        id="X14",
        title="Output padding from s up to d: rows that nothing reaches",
        statement=r"o' = s(i' - 1) + a + \hat k - 2p,\ s \le a < \max(s, d)",
        source=TORCH_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: _numbered(case) and any(axis.a >= axis.s for axis in case.axes),
        domain=lambda x: x.a < max(x.s, x.d) and x.i > 0,
        claim=_stretched,
    ),
    Claim(
        id="X15",
        title="SAME of a transposed convolution",
        statement=r"o' = s \cdot i' \text{, cropped as the SAME convolution from } o' \text{ to } i' \text{ is padded}",
        source=KERAS_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: case.padding == "same",
        domain=lambda x: x.i > 0 and (*_ends(x), x.a) == same_transposed(x.i, x.k_hat, x.s, x.s * x.i),
        claim=lambda x: x.s * x.i,
    ),
    Claim(
        id="X16",
        title="A transposed convolution's size is the caller's choice, of those that lead to i'",
        statement=r"\lceil o'/s \rceil = i' \text{ (SAME)},\ \lfloor (o' - \hat k)/s \rfloor + 1 = i' \text{ (VALID)}",
        source=TENSORFLOW_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: case.padding in ("same", "valid"),
        domain=lambda x: x.a < x.s and x.i > 0 and (_ends(x) == (0, 0) or _chosen(x)),
        claim=_stretched,
    ),
    Claim(
        id="X17",
        title="VALID of a transposed convolution, the size left out",
        statement=r"o' = s \cdot i' + \max(\hat k - s, 0)",
        source=KERAS_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: case.padding == "valid",
        domain=lambda x: x.i > 0 and _ends(x) == (0, 0) and x.a == max(x.s - x.k_hat, 0),
        claim=lambda x: x.s * x.i + max(x.k_hat - x.s, 0),
    ),
    Claim(
        id="X18",
        title="Numbers that pad the stretched input, jax.lax's, and p' of the guide",
        statement=r"q_{before} = \hat k - 1 - p_{before},\ q_{after} = \hat k - 1 - p_{after} + a,"
        r"\ o' = s(i' - 1) + 1 + q_{before} + q_{after} - \hat k + 1",
        source=JAX_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=_numbered,
        domain=lambda x: x.a < x.s and x.i > 0,
        claim=lambda x: (
            (x.s * (x.i - 1) + 1) + (x.k_hat - 1 - x.p_before) + (x.k_hat - 1 - x.p_after + x.a) - x.k_hat + 1
        ),
    ),
    Claim(
        id="X19",
        title="The transposed kernel's layout, and whether it is turned",
        statement=r"(I, O, k) \text{ or } (k, O, I) \text{: the convolution's own kernel; jax.lax turns it on request}",
        source=JAX_TRANSPOSE,
        ops=_TRANSPOSED,
        layer=lambda case: (
            case.channels_in != case.channels_out
            and min(case.channels_in, case.channels_out) > 1
            and (_numbered(case) or all(axis.a < axis.s for axis in case.axes))
        ),
        domain=lambda x: x.a < max(x.s, x.d) and x.i > 0,
        claim=_stretched,
    ),
)


def _where_the_name_holds(claim: Claim) -> Claim:
    """The claim, about layers alone whose padding has the numbers that its name means."""

    def layer(case: Case) -> bool:
        return claim.layer(case) and all(means(case.op, case.padding, axis) for axis in case.axes)

    return replace(claim, layer=layer)


CONVENTIONS: tuple[Claim, ...] = tuple(_where_the_name_holds(claim) for claim in _CLAIMS)
