"""PyTorch's layers as people write them: signatures as its documentation has them, and the layer that each makes."""

from __future__ import annotations

from functools import partial

from cases.case import Op, Padding
from cases.layer import Ends, Layer
from harness.frameworks.arguments import Arguments
from harness.frameworks.written import Function

FUNCTIONAL, MODULES = "torch.nn.functional", "torch.nn"

_MAPS = "in_channels, out_channels, kernel_size, stride=1, padding=0"
_WEIGHTS = "input: Array, weight: Array, bias: Array = None, stride=1, padding=0"
_MODULE_CONV = f"{_MAPS}, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None"
_MODULE_TRANSPOSED = (
    f"{_MAPS}, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None"
)
_WINDOW = "kernel_size, stride=None, padding=0"
_AVERAGE = ", ceil_mode=False, count_include_pad=True"
_DIVISOR = ", divisor_override=None"


def functions() -> dict[str, Function]:
    """All that can be read, by full name."""
    found: dict[str, Function] = {}
    for rank in (1, 2, 3):
        average = _AVERAGE + (_DIVISOR if rank > 1 else "")
        found |= {
            f"{MODULES}.Conv{rank}d": Function(MODULES, _MODULE_CONV, partial(_convolution, rank)),
            f"{MODULES}.ConvTranspose{rank}d": Function(MODULES, _MODULE_TRANSPOSED, partial(_transposed, rank)),
            f"{MODULES}.MaxPool{rank}d": Function(
                MODULES,
                f"{_WINDOW}, dilation=1, return_indices=False, ceil_mode=False",
                partial(_pooling, "max_pool", rank),
            ),
            f"{MODULES}.AvgPool{rank}d": Function(MODULES, _WINDOW + average, partial(_pooling, "avg_pool", rank)),
            f"{FUNCTIONAL}.conv{rank}d": Function(
                FUNCTIONAL, f"{_WEIGHTS}, dilation=1, groups=1", partial(_convolution, rank)
            ),
            f"{FUNCTIONAL}.conv_transpose{rank}d": Function(
                FUNCTIONAL, f"{_WEIGHTS}, output_padding=0, groups=1, dilation=1", partial(_transposed, rank)
            ),
            f"{FUNCTIONAL}.max_pool{rank}d": Function(
                FUNCTIONAL,
                f"input: Array, {_WINDOW}, dilation=1, ceil_mode=False, return_indices=False",
                partial(_pooling, "max_pool", rank),
            ),
            f"{FUNCTIONAL}.avg_pool{rank}d": Function(
                FUNCTIONAL, f"input: Array, {_WINDOW}{average}", partial(_pooling, "avg_pool", rank)
            ),
        }
    return found


def _maps(said: Arguments) -> tuple[int, int, int]:
    """Input and output maps, and groups."""
    known = "in_channels" in said.values
    channels = (said.number("in_channels"), said.number("out_channels")) if known else said.maps
    groups = said.number("groups")
    if any(maps % groups for maps in channels):
        raise said.wrong("groups", f"it must divide the maps, {channels[0]} and {channels[1]}")
    return (*channels, groups)


def _zeros(said: Arguments) -> None:
    if said.values.get("padding_mode", "zeros") != "zeros":
        raise said.wrong("padding_mode", "such padding is no zeros, and has no place in the arithmetic")


def _bias(said: Arguments) -> bool:
    return said.flag("bias") if "in_channels" in said.values else False


def _size(said: Arguments, rank: int) -> tuple[int, ...]:
    return said.each("kernel_size", rank) if "kernel_size" in said.values else said.kernel_size(rank)


def _alike(said: Arguments, rank: int) -> tuple[Ends, ...]:
    return tuple((p, p) for p in said.each("padding", rank, least=0))


def _convolution(rank: int, said: Arguments) -> Layer:
    _zeros(said)
    channels_in, channels_out, groups = _maps(said)
    padding: Padding = "explicit"
    p: tuple[Ends, ...] = ()
    if isinstance(said["padding"], str):
        name = said.one_of("padding", ("valid", "same"))
        padding = "same" if name == "same" else "valid"
    else:
        p = _alike(said, rank)
    return Layer(
        op="conv",
        k=_size(said, rank),
        s=said.each("stride", rank),
        d=said.each("dilation", rank),
        padding=padding,
        p=p,
        bias=_bias(said),
        channels_in=channels_in,
        channels_out=channels_out,
        groups=groups,
    )


def _transposed(rank: int, said: Arguments) -> Layer:
    _zeros(said)
    channels_in, channels_out, groups = _maps(said)
    s, d = said.each("stride", rank), said.each("dilation", rank)
    a = said.each("output_padding", rank, least=0)
    if any(more >= max(stride, dilation) for more, stride, dilation in zip(a, s, d, strict=True)):
        raise said.wrong("output_padding", "it must be less than the stride or the dilation")
    return Layer(
        op="conv_transpose",
        k=_size(said, rank),
        s=s,
        d=d,
        p=_alike(said, rank),
        a=a,
        bias=_bias(said),
        channels_in=channels_in,
        channels_out=channels_out,
        groups=groups,
    )


def _pooling(op: Op, rank: int, said: Arguments) -> Layer:
    k = said.each("kernel_size", rank)
    divisor = said.values.get("divisor_override")
    return Layer(
        op=op,
        k=k,
        s=said.each("stride", rank, default=k),
        d=said.each("dilation", rank) if op == "max_pool" else (1,) * rank,
        p=_alike(said, rank),
        ceil_mode=said.flag("ceil_mode"),
        count_include_pad=said.flag("count_include_pad") if op == "avg_pool" else True,
        divisor=None if divisor is None else said.number("divisor_override"),
        channels_in=said.maps[0],
        channels_out=said.maps[0],
    )
