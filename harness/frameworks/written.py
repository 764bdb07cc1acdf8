"""Layers as people write them, read: ``torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)``. The other way round of ``say``.

An adapter lists the functions that it can read (:attr:`harness.frameworks.base.Adapter.functions`), each a
:class:`Function`: its signature as its framework documents it, and what layer its arguments make. Here a name is found;
:mod:`harness.frameworks.arguments` binds what stands in its brackets. Text is parsed and never evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cases.layer import Layer, Sizes
from harness.frameworks.arguments import Arguments, WrittenError, bound, dotted, short

_INPUT_MAPS = ("in_channels", "in_features")


@dataclass(frozen=True, slots=True)
class Function:
    """A function or class that makes a layer, as its framework documents it.

    Attributes
    ----------
    route : str or callable
        The adapter's route that calls it, where arguments decide it a function of them.
    signature : str
        Its parameters as Python writes them, 'x: Array, size, stride=1'; those marked Array take arrays.
    make : callable
        From bound arguments to the layer; raises :class:`WrittenError`, as :meth:`Arguments.wrong` makes it.
    ignored : tuple of str
        Keyword arguments beyond the signature that change nothing about where taps stand: names, initialisers.
    """

    route: str | Callable[[Arguments], str]
    signature: str
    make: Callable[[Arguments], Layer]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A layer that was read.

    Attributes
    ----------
    framework, route, function : str
    layer : Layer
    text : str
        What was written.
    says_maps : bool
        Whether it says how many feature maps its input has.
    """

    framework: str
    route: str
    function: str
    layer: Layer
    text: str
    says_maps: bool


@dataclass(frozen=True, slots=True)
class Known:
    """The functions of all frameworks that can be read: from each full name to its framework and what it is."""

    functions: Mapping[str, tuple[str, Function]] = field(default_factory=dict)

    def find(self, written: str) -> tuple[str, str, Function]:
        """The framework, full name and function that a name written in short means.

        Raises
        ------
        WrittenError
            There is none, or there are several.
        """
        parts = written.split(".")
        known = {name: found for name, found in self.functions.items() if _means(parts, name.split("."))}
        exact = written if written in known else None
        if exact is None and len(known) == 1:
            exact = next(iter(known))
        if exact is None and known:
            raise WrittenError(f"'{written}' may be {' or '.join(sorted(known))}: write it whole")
        if exact is None:
            raise WrittenError(f"no layer '{written}' is known{self._near(parts[-1])}")
        return (self.functions[exact][0], exact, self.functions[exact][1])

    def _near(self, name: str) -> str:
        from difflib import get_close_matches

        found = get_close_matches(name.lower(), [full.rpartition(".")[2].lower() for full in self.functions], 3, 0.7)
        full = [one for one in self.functions if one.rpartition(".")[2].lower() in found]
        return f": is it {', '.join(sorted(full)[:4])}?" if full else "; 'convarith explain --functions' lists them"


def read(text: str, known: Known, *, kernel: Sizes | None = None, channels: tuple[int, int] | None = None) -> Read:
    """The layer that a text says.

    Parameters
    ----------
    text : str
        A call as one writes it in Python, its arguments literals; names may stand for arrays.
    known : Known
    kernel : tuple of int, optional
        The kernel's size, for functions that take it from an array.
    channels : tuple of (int, int), optional
        Input and output maps, likewise.

    Raises
    ------
    WrittenError
        What is wrong, and where.
    """
    call = _call(text)
    written = dotted(call.func)
    if written is None:
        raise WrittenError(f"'{short(text)}' calls no layer by its name")
    framework, name, function = known.find(written)
    arguments = bound(name, function.signature, function.ignored, call)
    arguments = replace(arguments, kernel=kernel, channels=channels)
    layer = function.make(arguments)
    try:  # what contradicts itself at any size
        layer.at(layer.least if layer.size is None else (1,) * layer.rank)
    except ValueError as error:
        if layer.size is None:
            raise WrittenError(f"{name}: {error}") from error
    route = function.route if isinstance(function.route, str) else function.route(arguments)
    says_maps = any(one in arguments.values for one in _INPUT_MAPS)
    return Read(framework, route, name, layer, text.strip(), says_maps)


def _call(text: str) -> ast.Call:
    try:
        found = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" (column {error.offset})" if isinstance(error, SyntaxError) and error.offset else ""
        raise WrittenError(f"'{short(text)}' is no call as Python writes it{place}") from error
    # A layer that is called at once, Conv2d(…)(x), or torch.nn.Conv2d(…).to(…): the layer is meant.
    while isinstance(found, ast.Call) and isinstance(found.func, ast.Call):
        found = found.func
    if not isinstance(found, ast.Call):
        raise WrittenError(f"'{short(text)}' is no call of a layer, such as torch.nn.Conv2d(3, 8, 3, stride=2)")
    return found


_SHORT: Mapping[str, tuple[tuple[str, ...], ...]] = {  # as users of the frameworks import them
    "F": (("torch", "nn", "functional"),),
    "nn": (("torch", "nn"), ("flax", "linen")),
    "tf": (("tensorflow",),),
}


def _means(written: list[str], full: list[str]) -> bool:
    """Whether a name, written whole, in short, or as frameworks' users import it, is that of a function."""
    full = ["tensorflow" if part == "tf" else part for part in full[:1]] + list(full[1:])
    ways = [list(written), *([*package, *written[1:]] for package in _SHORT.get(written[0], ()))]
    if written[0] in ("tf", "tensorflow") and "keras" in written:
        ways.append(list(written[written.index("keras") :]))
    return any(full[-len(way) :] == way for way in ways)
