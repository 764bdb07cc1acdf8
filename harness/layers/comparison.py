"""Two layers, held against each other: whether they are the same operator, and what differs in words."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.layers.adapting import Array, Layout, adapt
from harness.layers.geometry import Along, along, kernel
from harness.layers.probing import Read, read

ROWS, COLUMNS = 8, 12  # of a matrix that is shown
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What came of comparing two layers.

    Attributes
    ----------
    equal : bool
        Whether both make the same of every input, as far as numbers are rounded.
    exact : bool
        Whether every entry of the two operators is the same number.
    sentence : str
        What differs, or that nothing does.
    shapes : tuple of tuple of int
        Of the two outputs: (feature maps, size along each axis).
    paddings : tuple
        Of each layer and each axis, how many units of padding its windows reach at either end, found from its operator;
        None where it moves no one window. Padding that no window reaches is none.
    difference : float
        The largest difference of two entries; nan where the shapes differ.
    matrices : tuple of str
        The two operators along the axis on which they differ most; empty where there is nothing to show.
    """

    equal: bool
    exact: bool
    sentence: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    paddings: tuple[Pads | None, Pads | None]
    difference: float
    matrices: tuple[str, str] = ("", "")

    def __repr__(self) -> str:
        if self.equal or not self.matrices[0]:
            return self.sentence
        return f"{self.sentence}\n\nfirst\n{self.matrices[0]}\n\nsecond\n{self.matrices[1]}"

    def _repr_html_(self) -> str:
        """For notebooks."""
        told = f"<p>{html.escape(self.sentence)}</p>"
        if self.equal or not self.matrices[0]:
            return told
        cells = "".join(f"<td><pre>{html.escape(one)}</pre></td>" for one in self.matrices)
        return f"{told}<table><tr><th>first</th><th>second</th></tr><tr>{cells}</tr></table>"


def compare(
    first: Any,
    second: Any,
    input_shape: tuple[int, ...],
    *,
    layouts: tuple[Layout | None, Layout | None] = (None, None),
    rtol: float | None = None,
) -> Comparison:
    """Compare two layers, of any frameworks, by what they compute: anything linear, or a max pooling.

    Both are fed all one-hot inputs, so their operators are compared entry by entry, with the weights that they have.

    Parameters
    ----------
    first, second : torch.nn.Module, keras.Layer, flax.nnx.Module, bound flax.linen.Module, or callable
    input_shape : tuple of int
        (batch, feature maps, size along each axis), feature maps second whatever the layers take.
    layouts : tuple of str, optional
        'channels_first' or 'channels_last' for each, where it is not to be what the layer says.
    rtol : float, optional
        By how much entries may differ, as a share of the largest; what the element types round, if left out.

    Returns
    -------
    Comparison

    Raises
    ------
    NotComparableError
        One is neither linear nor a max pooling, or does not take such inputs.
    TypeError
        One is no layer.
    """
    one, other = (
        read(adapt(layer, layout), tuple(input_shape)) for layer, layout in zip((first, second), layouts, strict=True)
    )
    share = max(one.rounding, other.rounding) if rtol is None else rtol
    axes = along(one), along(other)
    shapes, paddings = (one.output, other.output), (_pads(axes[0]), _pads(axes[1]))
    if one.output != other.output:
        said = f"shapes differ: {_by(one.output)} and {_by(other.output)}, feature maps first"
        said = "; ".join(filter(None, (said, _geometries(*axes))))
        return Comparison(False, False, said, shapes, paddings, float("nan"))
    index, gap = _differences(one, other)
    bound = share * max(float(np.abs(layer.values).max(initial=0)) for layer in (one, other))
    worst, offsets = float(gap.max(initial=0)), _offsets(one, other)
    largest = max(float(np.abs(layer.offset[np.isfinite(layer.offset)]).max(initial=0)) for layer in (one, other))
    furthest = max(worst, float(offsets.max(initial=0)))
    if one.kind != other.kind:
        said = f"{one.name} is {_kind(one)}, {other.name} {_kind(other)}"
    elif worst > bound:
        said = _words(one, other, axes, bound)
    elif float(offsets.max(initial=0)) > share * largest:
        said = _of_offsets(one, other, offsets)
    else:
        how = "exactly" if not furthest else f"within rounding: no two entries differ by more than {furthest:.2g}"
        return Comparison(True, not furthest, f"the same operator, {how}", shapes, paddings, furthest)
    shown = _matrices(one, other, index[gap > bound]) if worst > bound else ("", "")
    return Comparison(False, False, said, shapes, paddings, furthest, shown)


def assert_same_operator(
    first: Any,
    second: Any,
    input_shape: tuple[int, ...],
    *,
    layouts: tuple[Layout | None, Layout | None] = (None, None),
    rtol: float | None = None,
) -> None:
    """Raise if two layers are not the same operator; see :func:`compare`.

    Raises
    ------
    AssertionError
        They differ. Its message says how.
    """
    found = compare(first, second, input_shape, layouts=layouts, rtol=rtol)
    if not found.equal:
        raise AssertionError(repr(found))


def _kind(layer: Read) -> str:
    return "a maximum" if layer.kind == "maximum" else "linear"


def _pads(axes: tuple[Along, ...] | None) -> Pads | None:
    return None if axes is None else tuple(axis.pads for axis in axes)


def _offsets(one: Read, other: Read) -> Array:
    """How much the two differ in what does not depend on the input."""
    with np.errstate(invalid="ignore"):  # minus infinity on both sides
        return np.where(one.offset == other.offset, 0.0, np.abs(one.offset - other.offset))


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _differences(one: Read, other: Read) -> tuple[Array, Array]:
    """Positions where either operator has an entry, and how much the two differ there."""
    index = np.union1d(one.indices, other.indices)
    values = []
    for layer in (one, other):
        each = np.zeros(index.size)
        each[np.searchsorted(index, layer.indices)] = layer.values
        values.append(each)
    return index, np.abs(values[0] - values[1])


def _geometries(one: tuple[Along, ...] | None, other: tuple[Along, ...] | None) -> str:
    """What of window, stride, dilation and padding differs along which axes."""
    if one is None or other is None:
        return ""
    told: dict[str, list[str]] = {}
    for axis, (a, b) in enumerate(zip(one, other, strict=True)):
        name = "DHW"[3 - len(one) :][axis] if len(one) <= 3 else f"axis {axis}"
        for word in _between(a, b):
            told.setdefault(word, []).append(name)
    return "; ".join(f"along {' and '.join(names)}, {word}" if len(one) > 1 else word for word, names in told.items())


def _between(a: Along, b: Along) -> list[str]:
    """What differs along one axis."""
    if a.transposed != b.transposed:
        return [f"{_way(a)} and {_way(b)}"]
    told = []
    for word, mine, theirs in (("stride", a.s, b.s), ("dilation", a.d, b.d), ("window", a.k, b.k)):
        if mine != theirs:
            told.append(f"{word} {mine} and {theirs}")
    if a.pads != b.pads:
        said = f"{'crops' if a.transposed else 'pads'} {a.pads} and {b.pads}"
        by = abs(a.before - b.before)
        if not told and by:
            # A window that begins in more padding begins earlier; cropped more, what an input makes comes earlier.
            what = "output" if a.transposed else "input"
            where = "earlier" if b.before > a.before else "later"
            said += f": every tap of the second sits {by} {what}{'s' if by > 1 else ''} {where}"
        told.append(said)
    return told


def _way(one: Along) -> str:
    return "a transposed convolution" if one.transposed else "a convolution"


def _words(
    one: Read, other: Read, axes: tuple[tuple[Along, ...] | None, tuple[Along, ...] | None], bound: float
) -> str:
    geometry = _geometries(*axes)
    kernels = [
        None if each is None else kernel(layer, each, bound) for layer, each in zip((one, other), axes, strict=True)
    ]
    if one.kind == "maximum":
        return geometry or "the windows see other elements"
    if kernels[0] is None or kernels[1] is None or kernels[0].shape != kernels[1].shape:
        return geometry or _counted(one, other) or _first(one, other, bound)
    same = bool((np.abs(kernels[0] - kernels[1]) <= bound).all())
    said = "" if same else _kernels(kernels[0], kernels[1], bound)
    return "; and ".join(part for part in (geometry, said) if part) or _first(one, other, bound)


def _kernels(one: Array, other: Array, bound: float) -> str:
    """How two kernels of one shape differ."""
    spatial = tuple(range(2, one.ndim))
    if (np.abs(np.flip(one, spatial) - other) <= bound).all():
        return "the second's kernel is flipped"
    if one.shape[0] == one.shape[1] and (np.abs(np.swapaxes(one, 0, 1) - other) <= bound).all():
        return "the second's kernel has input and output maps exchanged"
    if one.ndim > 3 and one.shape[2] == one.shape[3] and (np.abs(np.swapaxes(one, 2, 3) - other) <= bound).all():
        return "the second's kernel has its first two axes exchanged"
    place = np.unravel_index(int(np.abs(one).argmax()), one.shape)
    ratio = other[place] / one[place] if one[place] else 0.0
    if ratio and (np.abs(one * ratio - other) <= bound * max(1.0, abs(ratio))).all():
        return f"every tap of the second is {ratio:.6g} times the first's"
    gap = np.abs(one - other)
    where = tuple(int(n) for n in np.unravel_index(int(gap.argmax()), gap.shape))
    differing = int((gap > bound).sum())
    return f"{differing} of {gap.size} taps differ: tap {where} is {one[where]:.6g} and {other[where]:.6g}"


def _counted(one: Read, other: Read) -> str:
    """Whether both are averages of the same units, by other divisors."""
    if not np.array_equal(one.indices, other.indices) or (one.values <= 0).any() or (other.values <= 0).any():
        return ""
    row = one.indices // int(np.prod(one.input))
    at = int(np.abs(one.values - other.values).argmax())
    for layer in (one, other):
        first = layer.values[np.searchsorted(row, row)]
        if (np.abs(first - layer.values) > 1e-3 * first).any():
            return ""
    return f"other divisors: 1/{1 / one.values[at]:.4g} where the second has 1/{1 / other.values[at]:.4g}"


def _first(one: Read, other: Read, bound: float) -> str:
    index, gap = _differences(one, other)
    worst = int(gap.argmax())
    row, column = divmod(int(index[worst]), int(np.prod(one.input)))
    output = tuple(int(n) for n in np.unravel_index(row, one.output))
    source = tuple(int(n) for n in np.unravel_index(column, one.input))
    return f"{int((gap > bound).sum())} entries differ, most of all output {output} from input {source}"


def _of_offsets(one: Read, other: Read, gap: Array) -> str:
    if one.kind == "maximum":
        return "the padding of one is of zeros, which win over negative inputs, the other's of minus infinity"
    row = int(gap.argmax())
    output = tuple(int(n) for n in np.unravel_index(row, one.output))
    return f"another bias: of zeros, output {output} is {one.offset[row]:.6g} and {other.offset[row]:.6g}"


def _matrices(one: Read, other: Read, differing: Array) -> tuple[str, str]:
    """The two operators of one pair of feature maps, along one axis, the others held still, where they differ."""
    row, column = divmod(int(differing[len(differing) // 2]), int(np.prod(one.input)))
    at, through = np.unravel_index(row, one.output), np.unravel_index(column, one.input)
    best: tuple[int, Array, Array] | None = None
    for axis in range(1, len(one.output)):
        grids = []
        for layer in (one, other):
            rows, columns = np.divmod(layer.indices, int(np.prod(layer.input)))
            outputs, inputs = np.unravel_index(rows, layer.output), np.unravel_index(columns, layer.input)
            held = np.ones(rows.size, dtype=bool)
            for number in range(len(layer.output)):
                if number != axis:
                    held &= (outputs[number] == at[number]) & (inputs[number] == through[number])
            grid = np.zeros((layer.output[axis], layer.input[axis]))
            grid[outputs[axis][held], inputs[axis][held]] = layer.values[held]
            grids.append(grid)
        differ = int((grids[0] != grids[1]).sum())
        if best is None or differ > best[0]:
            best = differ, grids[0], grids[1]
    assert best is not None, "there is at least one axis"
    cells = [[_cell(value) for value in grid[:ROWS, :COLUMNS].reshape(-1)] for grid in best[1:]]
    width = max(len(cell) for some in cells for cell in some)
    return _text(best[1], width), _text(best[2], width)


def _cell(value: float) -> str:
    return "·" if value == 0 else f"{value:.3g}"


def _text(grid: Array, width: int) -> str:
    more = " …" if grid.shape[1] > COLUMNS else ""
    lines = [" ".join(_cell(value).rjust(width) for value in row[:COLUMNS]) + more for row in grid[:ROWS]]
    return "\n".join([*lines, "…"] if len(grid) > ROWS else lines)
