"""The guide's figures as cases, under the names that its authors gave the animations.

https://github.com/vdumoulin/conv_arithmetic. Two square axes each, one feature map. Where the guide draws the
transposed convolution too, its input is the figure's output.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.case import Axis, Case


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes
    ----------
    name : str
    case : Case
        The convolution drawn.
    o : int
        The output size drawn, along both axes.
    transposed : Case or None
        The transposed convolution, where the guide draws it; its output has the size of the convolution's input.
    """

    name: str
    case: Case
    o: int
    transposed: Case | None


def _figure(name: str, *, i: int, k: int, s: int, p: int, d: int, o: int, a: int | None) -> Figure:
    case = Case(op="conv", axes=(Axis(i, k, s, p, p, d),) * 2)
    if a is None:
        return Figure(name, case, o, None)
    return Figure(name, case, o, Case(op="conv_transpose", axes=(Axis(o, k, s, p, p, d, a),) * 2))


FIGURES: tuple[Figure, ...] = (
    _figure("no_padding_no_strides", i=4, k=3, s=1, p=0, d=1, o=2, a=0),
    _figure("arbitrary_padding_no_strides", i=5, k=4, s=1, p=2, d=1, o=6, a=0),
    _figure("same_padding_no_strides", i=5, k=3, s=1, p=1, d=1, o=5, a=0),
    _figure("full_padding_no_strides", i=5, k=3, s=1, p=2, d=1, o=7, a=0),
    _figure("no_padding_strides", i=5, k=3, s=2, p=0, d=1, o=2, a=0),
    _figure("padding_strides", i=5, k=3, s=2, p=1, d=1, o=3, a=0),
    _figure("padding_strides_odd", i=6, k=3, s=2, p=1, d=1, o=3, a=1),
    _figure("dilation", i=7, k=3, s=1, p=0, d=2, o=3, a=None),
)

CASES: dict[str, Case] = {
    **{figure.name: figure.case for figure in FIGURES},
    **{f"{figure.name}_transposed": figure.transposed for figure in FIGURES if figure.transposed is not None},
}

# The numerical figures (guide, figures 1.1, 1.2, 1.5 and 1.6) use one input and one kernel.
NUMERICAL_INPUT = (
    (3, 3, 2, 1, 0),
    (0, 0, 1, 3, 1),
    (3, 1, 2, 2, 3),
    (2, 0, 0, 2, 2),
    (2, 0, 0, 0, 1),
)
NUMERICAL_KERNEL = (
    (0, 1, 2),
    (2, 2, 0),
    (0, 1, 2),
)
