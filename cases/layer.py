"""A layer as people write it: its parameters without the size of its input, and the case that it is at each size.

What a padding's name means depends on the size, so one layer is another case at another size. Nothing here needs more
than the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from cases.case import Axis, Case, Dtype, Layout, Op, Padding
from cases.conventions import numbers

Ends = tuple[int, int]
Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Everything about a layer but the size of what it is fed.

    Attributes
    ----------
    op : {'conv', 'conv_transpose', 'avg_pool', 'max_pool'}
    k, s, d : tuple of int
        Kernel or window size, stride and dilation rate along each axis; of a transposed convolution those of the
        convolution that it is the transpose of.
    padding : str
        A name, or 'explicit'.
    p : tuple of (int, int)
        Where it is explicit: zeros before and after along each axis, of a transposed convolution those of the
        associated convolution.
    a : tuple of int
        Of a transposed convolution padded in numbers: units that the associated convolution leaves uncovered.
    rest : tuple of int, or None
        Of a transposed convolution padded by name: what its output has beyond s(i' - 1) units. None where the name
        alone says it: s of 'same' (X15), max(k̂, s) of 'valid' (X17).
    size : tuple of int, or None
        Of a transposed convolution whose caller names the output's size (X16): that size.
    channels_in, channels_out, groups, bias, ceil_mode, count_include_pad, divisor, dtype, layout
        As those of :class:`cases.case.Case`.
    """

    op: Op
    k: Sizes
    s: Sizes
    d: Sizes
    padding: Padding = "explicit"
    p: tuple[Ends, ...] = ()
    a: Sizes = ()
    rest: Sizes | None = None
    size: Sizes | None = None
    channels_in: int = 1
    channels_out: int = 1
    groups: int = 1
    bias: bool = False
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor: int | None = None
    dtype: Dtype = "float32"
    layout: Layout = "default"

    @property
    def rank(self) -> int:
        """Number of spatial axes, the guide's *N*."""
        return len(self.k)

    @property
    def pools(self) -> bool:
        """Whether it is a pooling: it has no kernel, and does not mix feature maps."""
        return self.op in ("avg_pool", "max_pool")

    def along(self, axis: int) -> Layer:
        """The layer along one of its axes alone: axes do not interact (S2)."""
        only = slice(axis, axis + 1)
        return replace(
            self,
            k=self.k[only],
            s=self.s[only],
            d=self.d[only],
            p=self.p[only],
            a=self.a[only],
            rest=None if self.rest is None else self.rest[only],
            size=None if self.size is None else self.size[only],
        )

    @property
    def k_hat(self) -> Sizes:
        """Effective kernel size along each axis, k̂ = k + (k - 1)(d - 1) (guide, section 5.1)."""
        return tuple(k + (k - 1) * (d - 1) for k, d in zip(self.k, self.d, strict=True))

    def at(self, sizes: Sequence[int]) -> Case:
        """The case that the layer is for an input of these sizes.

        Parameters
        ----------
        sizes : sequence of int
            One for each axis, i or, of a transposed convolution, i'.

        Raises
        ------
        ValueError
            There is no such case: one sentence says why.
        """
        if len(sizes) != self.rank:
            axes = "axis" if self.rank == 1 else "axes"
            raise ValueError(f"an input of {len(sizes)} sizes: the layer has {self.rank} spatial {axes}, so many sizes")
        return Case(
            op=self.op,
            axes=tuple(self._axis(number, size) for number, size in enumerate(sizes)),
            padding=self.padding,
            channels_in=self.channels_in,
            channels_out=self.channels_out,
            groups=self.groups,
            bias=self.bias,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
            divisor=self.divisor,
            dtype=self.dtype,
            layout=self.layout,
        )

    def all_residues(self) -> Iterator[Sizes]:
        """Sizes of every combination of residues modulo the strides."""
        spans = [1 if self.op == "conv_transpose" else s for s in self.s]
        for more in product(*(range(span) for span in spans)):
            yield tuple(i + n for i, n in zip(self.least, more, strict=True))

    @property
    def least(self) -> Sizes:
        """The smallest sizes at which one window at least meets neither border, and one each, with what is cropped."""
        ends = self.p if self.padding == "explicit" and self.p else ((0, 0),) * self.rank
        if self.op == "conv_transpose":  # more than the window's overhang at both ends, and units of the whole go too
            lost = (max(0, sum(p) - 2 * (k_hat - 1)) for p, k_hat in zip(ends, self.k_hat, strict=True))
            return tuple(
                2 * -(-k_hat // s) + 1 + -(-less // s) for k_hat, s, less in zip(self.k_hat, self.s, lost, strict=True)
            )
        lost = (max(0, -before) + max(0, -after) for before, after in ends)  # a negative p crops
        return tuple(k_hat + 2 * s + less for k_hat, s, less in zip(self.k_hat, self.s, lost, strict=True))

    def like(self, sizes: Sequence[int]) -> Sizes:
        """The smallest sizes that show what these show: the same modulo the stride, and not below :attr:`least`."""
        if self.size is not None:  # the caller's choice is of this very size
            return tuple(sizes)
        found = []
        for i, least, s in zip(sizes, self.least, self.s, strict=True):
            small = least if self.op == "conv_transpose" else least + (i - least) % s
            found.append(min(i, small))
        return tuple(found)

    def _axis(self, number: int, i: int) -> Axis:
        k, s, d = self.k[number], self.s[number], self.d[number]
        if self.padding == "explicit":
            before, after = self.p[number] if self.p else (0, 0)
            a = self.a[number] if self.a else 0
            if self.size is not None:
                a = self.size[number] - (s * (i - 1) + self.k_hat[number] - before - after)
            return Axis(i, k, s, before, after, d, a)
        a = self._asked(number, i) if self.op == "conv_transpose" else 0
        found = numbers(self.op, self.padding, Axis(i, k, s, 0, 0, d, a))
        if found is None:
            raise ValueError(f"padding '{self.padding}' has no meaning there: i = {i}, k = {k}, s = {s}, d = {d}")
        return found

    def _asked(self, number: int, i: int) -> int:
        """The a that :func:`cases.conventions.numbers` is asked with, of a transposed convolution padded by name."""
        s, k_hat = self.s[number], self.k_hat[number]
        if self.size is not None:
            rest = self.size[number] - s * (i - 1)
        elif self.rest is not None:
            rest = self.rest[number]
        else:
            rest = s if self.padding == "same" else max(k_hat, s)
        a = s - rest if self.padding == "same" else rest - k_hat
        if a < 0 or (a >= s and self.size is not None):
            o = s * (i - 1) + rest
            raise ValueError(
                f"no output of {o} units: a transposed convolution by '{self.padding}' has none from i' = {i}"
            )
        return a
