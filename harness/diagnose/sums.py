"""What comes of one input: of zeros, which shows the bias, and of a dense one, which shows that products are added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case
from harness.diagnose import blocks, kernels, pads
from harness.diagnose.places import listed, number, told
from harness.diagnose.reading import same
from harness.diagnose.record import Cause, Kind
from harness.diagnose.suspects import suspects
from harness.theory.matrix import Structure, output_size, structure

Array = NDArray[np.float64]


def of_zeros(case: Case, shape: tuple[int, ...], found: Array, wanted: Array) -> Cause | None:
    """What is wrong with the bias.

    Parameters
    ----------
    shape : tuple of int
        Of the output, without the batch.
    found, wanted : ndarray
        The outputs, unrolled.
    """
    claimed = structure(case).output
    if shape != claimed:
        return blocks.cause(found[:, None], shape, wanted[:, None], claimed)
    mine, theirs = found.reshape(shape[0], -1), wanted.reshape(shape[0], -1)
    if case.bias and (mine == mine[:, :1]).all():
        return _bias(mine[:, 0], theirs[:, 0])
    if (mine == mine[0, 0]).all() and not wanted.any() and np.isfinite(mine[0, 0]):
        return Cause("bias", f"{number(float(mine[0, 0]))} added to every output, though there is no bias")
    return _filled(case, shape, found, wanted)


def _added(case: Case, shape: tuple[int, ...], found: Array, wanted: Array) -> Cause | None:
    """A dense input's sums that are all off by the same number, map by map: the bias is not what it should be."""
    off = (found - wanted).reshape(shape[0], -1)
    if not np.isfinite(off).all() or (off != off[:, :1]).any():
        return None
    if off.shape[1] < (2 if case.bias else 3) or (not case.bias and (off != off[0]).any()):
        return None  # that could be said of any few sums
    if case.bias:
        theirs = stimuli.bias(case).astype(np.float64)
        return _bias(off[:, 0] + theirs, theirs)
    return Cause("offset", f"{listed([number(float(one)) for one in np.unique(off[:, 0])])} added to every output")


def _bias(mine: Array, theirs: Array) -> Cause | None:
    if not mine.any():
        return Cause("bias", "bias missing")
    if not np.isfinite(mine).all():
        return None
    factor = float(mine[0] / theirs[0])
    if factor and (mine == factor * theirs).all():
        near = abs(factor - 1) < 2**-8
        return (
            Cause("rounding", "bias the same but for rounding")
            if near
            else Cause("bias", f"bias times {number(factor)}")
        )
    if len(np.unique(theirs)) == len(theirs) and sorted(mine) == sorted(theirs):
        order = [int(np.flatnonzero(theirs == one)[0]) for one in mine]
        pairs = ", ".join(f"{own} has that of {other}" for own, other in enumerate(order) if own != other)
        return Cause("bias", f"bias of another map: map {pairs}")
    found, wanted = (listed([number(float(one)) for one in values]) for values in (mine, theirs))
    return Cause("bias", f"bias is {found} where {wanted}")


def _filled(case: Case, shape: tuple[int, ...], found: Array, wanted: Array) -> Cause | None:
    """Outputs that hold one number, or numbers that nothing explains, where the others are right."""
    wrong = ~same(found, wanted)
    inside = found[wrong]
    if case.op == "max_pool" and same(inside, inside[0]).all():
        padding = pads.cause(case, wrong, float(inside[0]))
        if padding is not None:
            return padding
    if wrong.all() and wrong.size > 1 and np.isfinite(inside[0]) and inside[0]:
        return None
    where = told(wrong, shape, "output")
    if not same(inside, inside[0]).all():
        strange = ~(np.isfinite(inside) & (inside == np.floor(inside)) & (np.abs(inside) < 2**53))
        if not strange.all() or wrong.all():
            return None
        return Cause("unwritten", f"numbers like {inside[0]:.4g}: {where}; memory that nobody wrote")
    if wrong.sum() == 1 and np.isfinite(inside[0]) and abs(inside[0]) < 2**53 and inside[0]:
        return None  # any single number could be said to fill its place
    return Cause("unwritten", f"{number(float(inside[0]))}, which nothing that was fed explains: {where}")


def of_dense(case: Case, shape: tuple[int, ...], found: Array, wanted: Array) -> Cause | None:
    """What was done to the sums, or the layer that would give these."""
    claimed = structure(case).output
    if shape == claimed:
        tells = (_rounded_inputs,) if case.op == "max_pool" else (_clipped, _rounded_inputs, _not_added)
        cause = next((told for tell in tells if (told := tell(case, found, wanted)) is not None), None)
        if cause is not None:
            return cause
    known = {words: kind for kind, words, y in _other_layers(case, shape) if np.array_equal(y, found)}
    if len(set(known.values())) == 1:
        return Cause(next(iter(known.values())), f"the sums are those for {', or '.join(list(known)[:3])}")
    if shape == claimed:
        added = None if case.op == "max_pool" else _added(case, shape, found, wanted)
        return added or _filled(case, shape, found, wanted)
    return blocks.cause(found[:, None], shape, wanted[:, None], claimed)


def _clipped(_: Case, found: Array, wanted: Array) -> Cause | None:
    if not (wanted < 0).any() or not np.array_equal(found, np.maximum(wanted, 0)):
        return None
    return Cause("clipped", "negative sums come out as 0, as through a ReLU that nobody asked for")


def _rounded_inputs(case: Case, found: Array, wanted: Array) -> Cause | None:
    c, x = structure(case), stimuli.dense(case).reshape(-1).astype(np.float64)
    for bits, name in kernels.FORMATS.items():
        short = kernels.rounded(x, bits)
        if not np.array_equal(short, x) and np.array_equal(_output(case, c, _taps(case), short), found):
            return Cause("rounded_inputs", f"inputs rounded to {bits} significant bits, those of {name}")
        if np.array_equal(kernels.rounded(wanted, bits), found):
            return Cause("rounding", f"sums rounded to {bits} significant bits, those of {name}")
    if not np.isfinite(found).all() or not np.isfinite(wanted).all():
        return None
    near = np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1)
    if near < 2**-16 and ((found != np.rint(found)).any() or np.abs(wanted).max() >= 2**24):
        return Cause("rounding", f"the same but for rounding: no sum is off by more than {near:.1g} of the largest")
    return None


def _not_added(case: Case, found: Array, wanted: Array) -> Cause | None:
    """A maximum or the last of some products, where there should be their sum."""
    c, x = structure(case), stimuli.dense(case).reshape(-1).astype(np.float64)
    row, column = np.divmod(c.indices, c.columns)
    products = _taps(case)[c.taps] * x[column]
    bias = wanted - np.bincount(row, weights=products, minlength=c.rows)
    maps = np.arange(case.channels_in)
    if case.channels_in > 1:
        of_map = column // (c.columns // case.channels_in)
        alone = [np.bincount(row, weights=products * (of_map == m), minlength=c.rows) for m in maps]
        if np.array_equal(np.max(alone, axis=0) + bias, found):
            return Cause("not_added", "the greatest of the input maps' sums is taken, where they should be added")
        for m in maps:
            if np.array_equal(alone[m] + bias, found):
                return Cause("maps_ignored", f"input map {m} alone is convolved, where all should be added")
    last = np.zeros(c.rows)
    last[row] = products  # ascending columns: the last one stays
    if case.transposed and np.array_equal(last + bias, found):
        return Cause("not_added", "overlaps are overwritten, where they should be added")
    return None


def _taps(case: Case) -> Array:
    return stimuli.kernel(case).reshape(-1).astype(np.float64)


def _output(case: Case, c: Structure, taps: Array, x: Array) -> Array:
    """What a layer gives for one input; of a maximum pooling the maximum, of others the sum and the bias."""
    row, column = np.divmod(c.indices, c.columns)
    if case.op == "max_pool":
        y = np.full(c.rows, stimuli.least(case))
        np.maximum.at(y, row, x[column])
        return y
    y = np.bincount(row, weights=taps[c.taps] * x[column], minlength=c.rows).astype(np.float64)
    return y + np.repeat(stimuli.bias(case), c.rows // case.channels_out) if case.bias else y


def _other_layers(case: Case, shape: tuple[int, ...]) -> Iterator[tuple[Kind, str, Array]]:
    """What other layers give for the same input: with a kernel taken otherwise, or parameters."""
    c, x = structure(case), stimuli.dense(case).reshape(-1).astype(np.float64)
    if not case.pools and shape == c.output:
        for said, view in kernels.views(
            case, stimuli.kernel(case).astype(np.float64), "IO" if case.transposed else "OI"
        ):
            if said:
                yield said[0].kind, "; and ".join(cause.words for cause in said), _output(case, c, view.reshape(-1), x)
    for kind, words, other in suspects(case):
        if other.each("i") == case.each("i") and output_size(other) == shape[1:]:
            yield kind, words, _output(other, structure(other), _taps(other), x)
