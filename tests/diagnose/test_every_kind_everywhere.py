"""Each cause that an operator can show, in one to three axes, of convolutions, transposed ones and their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from harness.diagnose import Diagnosis
from harness.records import Probe

from .by_loops import Along, Array, convolution, of, taps, turned

pytestmark = pytest.mark.slow

SIZES = (5, 6, 5)
DIRECTIONS = ("forward", "gradient", "transposed", "gradient of transposed")


def each(letter: str, values: Sequence[int]) -> str:
    """A part of an id: 'k3x2'."""
    return letter + "x".join(map(str, values))


@dataclass(frozen=True)
class Layer:
    """A convolution with unequal axes, and how it is said, or its transposed convolution."""

    rank: int
    direction: str
    s: int = 1
    d: int = 1
    p: int = 1
    k: int = 3
    maps: tuple[int, int] = (2, 3)  # of the convolution's input and output
    groups: int = 1

    @property
    def axes(self) -> list[Along]:
        spans = self.d * (self.k - 1) + 1
        return [
            Along(i, (i + 2 * self.p - spans) // self.s + 1, self.k, self.s, self.d, self.p) for i in SIZES[: self.rank]
        ]

    @property
    def name(self) -> str:
        n = self.rank
        rest = [each("k", [self.k] * n), each("s", [self.s] * n), each("p", [self.p] * n), each("d", [self.d] * n)]
        m, o = self.maps
        grouped = [f"g{self.groups}"] * (self.groups > 1)
        if "transposed" not in self.direction:
            sizes = each("i", [x.i for x in self.axes])
            return ".".join([f"conv{n}d", sizes, *rest, f"c{m}to{o}", *grouped])
        left = [x.i - (x.s * (x.o - 1) + x.d * (x.k - 1) + 1 - 2 * x.p) for x in self.axes]
        sizes = each("i", [x.o for x in self.axes])
        return ".".join([f"conv_transpose{n}d", sizes, *rest, each("a", left), f"c{o}to{m}", *grouped])

    @property
    def probe(self) -> Probe:
        return "adjoint" if "gradient" in self.direction else "forward"

    @property
    def kernel(self) -> Array:
        """Of shape (the convolution's output maps, its input maps, k …)."""
        return taps(self.name).astype(float)

    def shown(self, c: Array) -> Diagnosis:
        """The diagnosis of the layer whose convolution has this operator."""
        return of(self.name, turned(c) if "transposed" in self.direction else c, self.probe)


def moved(layer: Layer, **numbers: int) -> Diagnosis:
    """The same layer but for these numbers along its last axis."""
    *others, last = layer.axes
    return layer.shown(convolution([*others, replace(last, **numbers)], layer.kernel))


def with_kernel(layer: Layer, kernel: Array) -> Diagnosis:
    return layer.shown(convolution(layer.axes, kernel))


def with_tap(layer: Layer, factor: int) -> Diagnosis:
    kernel = layer.kernel
    kernel.reshape(*kernel.shape[:2], -1)[..., layer.k**layer.rank // 2] *= factor
    return with_kernel(layer, kernel)


def unwritten(layer: Layer) -> Diagnosis:
    """What comes out is no number at the last place along the last axis."""
    c = convolution(layer.axes, layer.kernel)
    outputs = c.ndim // 2 - 1
    computed = {"forward": outputs, "gradient": -1, "transposed": -1, "gradient of transposed": outputs}
    entries: list[slice | int] = [slice(None)] * c.ndim
    entries[computed[layer.direction]] = -1
    c[tuple(entries)] = np.nan
    return layer.shown(c)


def grouped(layer: Layer) -> Diagnosis:
    """The output maps of two groups, interleaved."""
    layer = replace(layer, maps=(4, 4), groups=2)
    c = np.zeros((4, *(x.o for x in layer.axes), 4, *(x.i for x in layer.axes)))
    for own in (slice(0, 2), slice(2, 4)):
        c[(own, *[slice(None)] * layer.rank, own)] = convolution(layer.axes, layer.kernel[own])
    return layer.shown(np.take(c, [0, 2, 1, 3], axis=layer.rank + 1 if "transposed" in layer.direction else 0))


def reversed_maps(layer: Layer, axis: int) -> Diagnosis:
    return with_kernel(layer, np.flip(layer.kernel, axis=axis))


# name: kinds, and what is planted
PLANTED: dict[str, tuple[str, Callable[[Layer], Diagnosis]]] = {
    "padding before, one less": ("padding", lambda layer: moved(layer, p=0)),
    "padding before, one more": ("padding", lambda layer: moved(layer, p=2)),
    "cropped before": ("padding", lambda layer: moved(layer, p=-1)),
    # The size that is given and the parameters that are wrong say what stands at the far end.
    "stride ignored": ("stride padding", lambda layer: moved(replace(layer, s=2), s=1)),
    "stride too large": ("stride padding", lambda layer: moved(replace(layer, s=2), s=3)),
    "dilation ignored": ("dilation padding", lambda layer: moved(replace(layer, d=2, p=2), d=1)),
    "dilation not asked for": ("dilation padding", lambda layer: moved(layer, d=2)),
    "kernel flipped": (
        "flip",
        lambda layer: with_kernel(layer, np.flip(layer.kernel, tuple(range(2, layer.rank + 2)))),
    ),
    "kernel flipped along one axis": ("flip", lambda layer: with_kernel(layer, np.flip(layer.kernel, layer.rank + 1))),
    "input maps reversed": ("maps_permuted", lambda layer: reversed_maps(layer, 1)),
    "output maps reversed": ("maps_permuted", lambda layer: reversed_maps(layer, 0)),
    "input map left out": ("maps_ignored", lambda layer: with_kernel(layer, _without_a_map(layer))),
    "groups interleaved": ("groups", grouped),
    "circular border": ("border", lambda layer: layer.shown(convolution(layer.axes, layer.kernel, "circular"))),
    "edge border": ("border", lambda layer: layer.shown(convolution(layer.axes, layer.kernel, "edge"))),
    "tap doubled": ("taps", lambda layer: with_tap(layer, 2)),
    "tap missing": ("taps", lambda layer: with_tap(layer, 0)),
    "every tap doubled": ("scale", lambda layer: with_kernel(layer, layer.kernel * 2)),
    "last column never written": ("unwritten", unwritten),
}


def _without_a_map(layer: Layer) -> Array:
    kernel = layer.kernel
    kernel[:, 1] = 0
    return kernel


def everywhere() -> Iterator[object]:
    for name, (kinds, plant) in PLANTED.items():
        for rank in (1, 2, 3):
            for direction in DIRECTIONS:
                yield pytest.param(kinds, plant, Layer(rank, direction), id=f"{name}, {rank}-d, {direction}")


@pytest.mark.parametrize(("kinds", "plant", "layer"), list(everywhere()))
def test_a_cause_is_named(kinds: str, plant: Callable[[Layer], Diagnosis], layer: Layer) -> None:
    found = plant(layer)
    assert found.kinds == set(kinds.split()), found


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("rank", [2, 3])
def test_exchanged_axes_are_named(rank: int, direction: str) -> None:
    layer = Layer(rank, direction)
    c = convolution(layer.axes, np.swapaxes(layer.kernel, -1, -2))
    assert layer.shown(c).kinds & {"axes_exchanged", "kernel_order"}


@pytest.mark.parametrize("probe", ["forward", "adjoint"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_divisor_that_counts_the_padding_is_named(rank: int, probe: Probe) -> None:
    sizes, k, s, ones = SIZES[:rank], (3, 2, 3)[:rank], (1, 2, 2)[:rank], (1, 1, 1)[:rank]
    rest = [each("i", sizes), each("k", k), each("s", s), each("p", ones), each("d", ones)]
    name = ".".join([f"avg_pool{rank}d", *rest])
    axes = [Along(i, (i + 2 - k) // s + 1, k, s, 1, 1) for i, k, s in zip(sizes, k, s, strict=True)]
    window = np.ones((1, 1, *(axis.k for axis in axes)))
    mean = convolution(axes, window) * np.float64(np.float32(1) / np.float32(window.size))
    found = of(f"{name}.nopad", mean, probe)
    assert found.kinds == {"divisor"}, found
