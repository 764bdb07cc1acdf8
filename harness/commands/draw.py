"""``convarith draw``: a layer as a picture. No framework is needed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from cases import figures
from cases.case import Case, parse
from harness import store
from harness.drawing import numerical
from harness.drawing.picture import CannotDraw, picture
from harness.errors import UsageError
from harness.theory.matrix import output_size


def draw(
    case: str,
    *,
    svg: Path | None = None,
    transposed: bool = False,
    step: int | None = None,
    animate: bool = False,
) -> None:
    """Draw a layer as the guide draws it: the padded input, the window on it, the output, and its matrix.

    Parameters
    ----------
    case
        The layer, by its id or the name of one of the guide's figures.
    svg
        File for the picture, an SVG; it is printed if left out.
    transposed
        Draw the transposed convolution of a convolution instead.
    step
        Which placement of the window is drawn, counted from 1 in the order of the matrix's rows; the first if left out.
    animate
        Step through all placements, as an animated SVG.
    """
    if animate and step is not None:
        raise UsageError("--animate steps through all placements: leave out --step")
    name = case if case in figures.CASES or case in numerical.CASES else ""
    layer = numerical.CASES.get(case) or figures.CASES.get(case) or _parsed(case)
    if transposed:
        layer = _transposed(layer, case)
    written = numerical.numbers(layer) if name in numerical.CASES and not transposed else None
    try:
        drawn = picture(layer, step=1 if step is None else step, animate=animate, name=name, numbers=written)
    except CannotDraw as error:
        raise UsageError(str(error)) from error
    if svg is None:
        sys.stdout.write(drawn)
        return
    try:
        store.write_whole(svg, drawn.encode())
    except OSError as error:
        raise UsageError(f"{svg} cannot be written ({error.strerror})") from error


def _parsed(text: str) -> Case:
    try:
        return parse(text)
    except ValueError as error:
        names = ", ".join([*figures.CASES, *numerical.CASES])
        raise UsageError(f"{error}; figures are {names}") from error


def _transposed(case: Case, asked: str) -> Case:
    """The transposed convolution of a convolution: its input is the convolution's output (guide, section 4)."""
    if case.op != "conv":
        raise UsageError(f"{asked} is no convolution: --transposed draws the transposed convolution of one")
    outputs = output_size(case)
    if not all(outputs):
        raise UsageError(f"{asked} has nothing to compute, o = {'×'.join(map(str, outputs))}: there is no transpose")
    axes = tuple(
        replace(axis, i=o, a=axis.p_before + axis.i + axis.p_after - axis.k_hat - axis.s * (o - 1))
        for axis, o in zip(case.axes, outputs, strict=True)
    )
    n, m = case.channels_out, case.channels_in
    return replace(case, op="conv_transpose", axes=axes, padding="explicit", channels_in=n, channels_out=m)
