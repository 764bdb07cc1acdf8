"""What is wrong in some rows or columns alone, or with all alike: outputs that nobody wrote, inputs that nobody read.

Each function takes a reading and gives a cause, or None. A cause is given only if it says every entry that differs.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np

from cases import stimuli
from harness.diagnose import blocks, pads
from harness.diagnose.places import axis_name, listed, number, told
from harness.diagnose.reading import Flags, Reading, same
from harness.diagnose.record import Cause
from harness.operator import Matrix


def cause(reading: Reading) -> Cause | None:
    """The first that explains the operator."""
    tells: tuple[Callable[[Reading], Cause | None], ...] = (block,)
    if reading.same_shape:
        first = (unread, filled, unwritten_gradient) if reading.probe == "adjoint" else (filled, unread)
        tells = (accumulated, batch, *first, rounding, offset, scaled, strays, unwritten)
    return next((found for tell in tells if (found := tell(reading)) is not None), None)


def plain(reading: Reading) -> Cause | None:
    """An operator that is the same everywhere: empty, or full of one number that is no tap."""
    value = reading.matrix.reshape(-1)[0]
    if not same(reading.matrix, value).all():
        return None
    if not value and reading.wanted.any():
        nothing = (
            "nothing has a gradient" if reading.probe == "adjoint" else "every output is the same whatever the input"
        )
        return Cause("unread", f"{nothing}: all {reading.matrix.size} entries of the operator are 0")
    if reading.case.op != "max_pool" and (not np.isfinite(value) or abs(value) > 1e20):
        return Cause("unwritten", f"every entry is {number(float(value))}: no tap explains that")
    return None


def turned(reading: Reading) -> Cause | None:
    """The right outputs, with the axes of the output in another order."""
    rank = reading.case.rank
    if not reading.wanted_rows.any():
        return None
    wanted = reading.wanted_rows.reshape(*reading.wanted_outputs, reading.wanted_rows.shape[1])
    for order in list(permutations(range(rank)))[1:]:
        view = wanted.transpose(0, *(axis + 1 for axis in order), rank + 1)
        if view.shape[:-1] == reading.outputs and same(reading.rows, view.reshape(reading.rows.shape)).all():
            names = "".join(axis_name(axis, rank) for axis in order)
            return Cause("axes_exchanged", f"the axes of the output are exchanged: they stand in the order {names}")
    return None


def filled(reading: Reading) -> Cause | None:
    """Outputs that hold one number, whatever the input."""
    rows = reading.rows
    wrong: Flags = np.asarray(reading.differing_rows.any(axis=1))
    inside = rows[wrong]
    first = inside[0, 0]
    if rows.shape[1] < 2 or not same(inside, first).all():
        return None
    level = stimuli.MAX_POOL_GROUND if reading.case.op == "max_pool" and reading.probe == "forward" else 0
    found = None
    if reading.case.op == "max_pool" and reading.probe == "forward":
        found = pads.cause(reading.case, wrong, float(first) + level)
    elif reading.case.op == "max_pool" and not first:
        found = pads.of_gradient(reading.case, wrong)
    if found is not None:
        return found
    if wrong.all() and first and np.isfinite(first):
        return None
    where = told(wrong, reading.outputs, "output")
    if reading.probe == "adjoint":
        return Cause("unwritten", f"{number(float(first)) if first else 'none'} from {where}, whatever the input")
    return Cause("unwritten", f"{number(float(first) + level)} whatever the input: {where}; no tap explains that")


def unread(reading: Reading) -> Cause | None:
    """Inputs that have no part in any output, where they should."""
    wrong: Flags = np.asarray(reading.differing_rows.any(axis=0))
    if reading.rows[:, wrong].any() or not reading.rows[:, ~wrong].any():
        return None
    where = told(wrong, reading.inputs, "input")
    return Cause("unread", f"no gradient for {where}" if reading.probe == "adjoint" else f"not read: {where}")


def unwritten_gradient(reading: Reading) -> Cause | None:
    """Inputs whose gradient is one number, or numbers that no tap explains, whatever output it comes from."""
    wrong: Flags = np.asarray(reading.differing_rows.any(axis=0))
    inside = reading.rows[:, wrong]
    if wrong.all() or not reading.wanted_rows[:, ~wrong].any():
        return None
    where = told(wrong, reading.inputs, "input")
    if len(inside) > 1 and same(inside, inside[0, 0]).all():
        return Cause("unwritten", f"{number(float(inside[0, 0]))} for {where}, whatever output it comes from")
    strange = ~explicable(reading, inside)
    if not strange.any(axis=0).all():
        return None
    like = f"{inside[strange][0]:.4g}"
    return Cause("unwritten", f"numbers that no tap explains, like {like}, that is memory that nobody wrote: {where}")


def accumulated(reading: Reading) -> Cause | None:
    """Rows that hold the sum of those before."""
    if not np.array_equal(reading.rows, np.cumsum(reading.wanted_rows, axis=0)):
        return None
    return Cause(
        "accumulated", "each holds the sum of all before it: what one call gives is not cleared before the next"
    )


def batch(reading: Reading) -> Cause | None:
    """Inputs of a batch that give what its first one does; or the last of them, that gives zeros."""
    if reading.probe not in ("forward", "direct"):
        return None
    rows, wanted = reading.rows, reading.wanted_rows
    size, number = reading.case.batch or rows.shape[1], np.arange(rows.shape[1])
    if size == 1:
        return None
    if np.array_equal(rows, wanted[:, number // size * size]):
        return Cause("batch", f"all {size} inputs of a call give what the first of them should")
    if np.array_equal(rows, _without_the_last(reading, size)):
        return Cause("batch", f"the last of {size} inputs of a call gives zeros")
    return None


def _without_the_last(reading: Reading, size: int) -> Matrix:
    """What is read where the last input of each call gives zeros: neither the bias nor the ground of maxima."""
    case, wanted = reading.case, reading.wanted_rows
    ground = stimuli.MAX_POOL_GROUND if reading.probe == "forward" and case.op == "max_pool" else 0
    bias = np.zeros((len(wanted), 1))
    if reading.probe == "forward" and case.bias:  # what zeros give, which are fed after the impulses, is taken off
        bias += np.repeat(stimuli.bias(case), len(wanted) // case.channels_out)[:, None]
    given = np.concatenate([wanted + ground + bias, bias], axis=1)
    number, fed = np.arange(given.shape[1]), wanted.shape[1] + bool(bias.any())
    given[:, (number % size > 0) & ((number % size == size - 1) | (number == fed - 1))] = 0
    read: Matrix = given[:, :-1] - given[:, -1:] - ground
    return read


def offset(reading: Reading) -> Cause | None:
    """A number added to all that some inputs give."""
    maps = reading.outputs[0]
    with np.errstate(invalid="ignore"):
        added = (reading.rows - reading.wanted_rows).reshape(maps, -1, reading.rows.shape[1])
    inputs = (added != 0).any(axis=(0, 1))
    some = added[:, :, inputs]
    if not np.isfinite(some).all() or (some != some[:, :1, :1]).any():
        return None
    if not inputs.all() and not reading.case.bias:
        return None  # so few numbers may be taps as well
    if some.shape[1] == 1 and not (inputs.all() and some.size >= 4):
        return None
    numbers = listed([number(float(one)) for one in np.unique(some[:, 0, 0])])
    where = f", for {told(inputs, reading.inputs, 'input')} alone" if not inputs.all() else ""
    return Cause("offset", f"{numbers} added to every output{where}")


def scaled(reading: Reading) -> Cause | None:
    """Every entry times one number."""
    largest = np.unravel_index(int(np.argmax(np.nan_to_num(reading.wanted, posinf=0, neginf=0))), reading.wanted.shape)
    if not reading.wanted[largest] or not np.isfinite(reading.wanted[largest]):
        return None
    factor = float(reading.matrix[largest] / reading.wanted[largest])
    if not factor or abs(factor - 1) < 2**-8:
        return None
    with np.errstate(invalid="ignore"):
        found = same(reading.matrix, np.where(reading.wanted, factor * reading.wanted, 0)).all()
    return Cause("scale", f"every entry times {number(factor)}") if found else None


def rounding(reading: Reading) -> Cause | None:
    """The same, nearly."""
    differs = reading.differs
    found, wanted = reading.matrix[differs], reading.wanted[differs]
    if reading.case.op == "max_pool" and reading.probe == "forward":  # what was returned lies lower
        found, wanted = found + stimuli.MAX_POOL_GROUND, wanted + stimuli.MAX_POOL_GROUND
    if not wanted.all() or not (np.isfinite(found) & np.isfinite(wanted)).all():
        return None
    off = float(np.abs(found / wanted - 1).max())
    return (
        Cause("rounding", f"the same but for rounding: none is off by more than {off:.1g} of itself")
        if (off < 2**-8)
        else None
    )


def strays(reading: Reading) -> Cause | None:
    """Numbers that are no taps, where nothing should be; what should be there is."""
    strange = reading.matrix[reading.differs]
    if reading.wanted[reading.differs].any():
        return None
    tiny = np.abs(strange) < 2**-20
    if not (tiny.all() or (~explicable(reading, strange)).all()):
        return None
    where = f"{strange.size} of {int((reading.wanted == 0).sum())} entries"
    return Cause("stray", f"{where} that should be 0 are not, but numbers like {strange[0]:.4g}: no tap explains them")


def unwritten(reading: Reading) -> Cause | None:
    """Outputs with numbers that no tap explains, different for each input: memory that nobody wrote."""
    wrong: Flags = np.asarray(reading.differing_rows.any(axis=1))
    inside = reading.rows[wrong]
    strange = ~explicable(reading, inside)
    if not strange.any(axis=1).all() or not reading.wanted_rows[~wrong].any():
        return None
    return Cause(
        "unwritten",
        f"numbers that no tap explains, like {inside[strange][0]:.4g}, that is memory that nobody wrote: "
        f"{told(wrong, reading.outputs, 'output')}",
    )


def explicable(reading: Reading, values: Matrix) -> Flags:
    """Whether numbers may be made of taps or shares: whole ones of a kernel, up to one of a pooling."""
    if reading.case.pools:
        known = np.unique(reading.wanted)
        return np.isin(values, known) | ((values >= 0) & (values <= 1))
    most = float(np.prod(stimuli.kernel_shape(reading.case)))
    with np.errstate(invalid="ignore"):
        explicable: Flags = (values == np.floor(values)) & (np.abs(values) <= most * most)
    return explicable


def block(reading: Reading) -> Cause | None:
    """A part is right, and the rest missing, or more than there should be."""
    level = stimuli.MAX_POOL_GROUND if reading.case.op == "max_pool" and reading.probe == "forward" else 0
    return blocks.cause(reading.rows, reading.outputs, reading.wanted_rows, reading.wanted_outputs, level)
