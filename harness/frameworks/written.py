"""Layers as people write them, read: ``torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)``. The other way round of ``say``.

An adapter lists the functions that it can read (:attr:`harness.frameworks.base.Adapter.functions`), each a
:class:`Function`: its signature as its framework documents it, and what layer its arguments make. Text is parsed and
never evaluated: arguments are literals, and names stand for arrays alone.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cases.layer import Ends, Layer, Sizes

_INPUT_MAPS = ("in_channels", "in_features")
ARRAY = "Array"  # how a signature marks what arrays are given for


class WrittenError(ValueError):
    """What was written is no layer that can be read. The message is one sentence that points at the place."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, bound to the names of its signature, defaults filled in.

    Attributes
    ----------
    function : str
        What is called.
    values : mapping
    columns : mapping
        Where in the text each begins, from 1 on; of those that were written.
    kernel : tuple of int, or None
        The kernel's size, where the call leaves it to an array.
    channels : tuple of (int, int), or None
        Input and output maps, likewise.
    """

    function: str
    values: Mapping[str, Any]
    columns: Mapping[str, int]
    kernel: Sizes | None = None
    channels: tuple[int, int] | None = None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def each(self, name: str, rank: int, *, default: Sizes | None = None, least: int = 1) -> Sizes:
        """A whole number for each axis, where one number may stand for all; ``default`` where None is written."""
        value = self.values[name]
        if value is None and default is not None:
            return default
        given = value if isinstance(value, (tuple, list)) else (value,)
        if not all(_whole(number) for number in given):
            raise self.wrong(name, "whole numbers are needed")
        if len(given) not in (1, rank):
            raise self.wrong(name, f"one number, or {rank}, one for each axis" if rank > 1 else "one number is needed")
        if min(given) < least:
            raise self.wrong(name, f"{least} is the least")
        return tuple(given) * (rank if len(given) == 1 else 1)

    def number(self, name: str, least: int = 1) -> int:
        """A whole number."""
        value = self.values[name]
        if not _whole(value) or value < least:
            raise self.wrong(name, f"a whole number of at least {least} is needed")
        return int(value)

    def flag(self, name: str) -> bool:
        """True or False."""
        value = self.values[name]
        if not isinstance(value, bool):
            raise self.wrong(name, "True or False is needed")
        return value

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """One of some names, written in small or in capital letters."""
        value = self.values[name]
        if not isinstance(value, str) or value.lower() not in known:
            raise self.wrong(name, f"there are {', '.join(repr(one) for one in known)}")
        return value.lower()

    def ends(self, name: str, rank: int) -> tuple[Ends, ...]:
        """Padding as numbers: one for all, one for each axis, or a pair for each axis."""
        value = self.values[name]
        given = value if isinstance(value, (tuple, list)) else (value,) * rank
        if len(given) == 1 and rank > 1 and not isinstance(given[0], (tuple, list)):
            given = tuple(given) * rank
        pairs = [tuple(one) if isinstance(one, (tuple, list)) else (one, one) for one in given]
        if len(pairs) != rank or not all(len(pair) == 2 and all(map(_whole, pair)) for pair in pairs):
            raise self.wrong(name, f"a number, or {rank} numbers or pairs of numbers, one for each axis")
        return tuple((int(before), int(after)) for before, after in pairs)

    def kernel_size(self, rank: int | None = None) -> Sizes:
        """The size of the kernel that an array holds."""
        if self.kernel is None:
            raise WrittenError(
                f"{self.function} takes the kernel's size from an array: say it too, as --k 3x3 (one number an axis)"
            )
        if rank is not None and len(self.kernel) not in (1, rank):
            raise WrittenError(f"--k has {len(self.kernel)} numbers, and {self.function} has {rank} spatial axes")
        return self.kernel * (rank or 1) if len(self.kernel) == 1 and rank else self.kernel

    @property
    def maps(self) -> tuple[int, int]:
        """Input and output maps, one each unless they are known."""
        return self.channels or (1, 1)

    def wrong(self, name: str, why: str) -> WrittenError:
        """The error that says what is wrong with an argument."""
        where = f" (column {self.columns[name]})" if name in self.columns else " (left out)"
        return WrittenError(f"{self.function}: {name} = {_short(self.values[name])}{where}: {why}")


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
    written = _dotted(call.func)
    if written is None:
        raise WrittenError(f"'{_short_text(text)}' calls no layer by its name")
    framework, name, function = known.find(written)
    arguments = _bound(name, function, call)
    arguments = Arguments(name, arguments.values, arguments.columns, kernel, channels)
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
        raise WrittenError(f"'{_short_text(text)}' is no call as Python writes it{place}") from error
    # A layer that is called at once, Conv2d(…)(x), or torch.nn.Conv2d(…).to(…): the layer is meant.
    while isinstance(found, ast.Call) and isinstance(found.func, ast.Call):
        found = found.func
    if not isinstance(found, ast.Call):
        raise WrittenError(f"'{_short_text(text)}' is no call of a layer, such as torch.nn.Conv2d(3, 8, 3, stride=2)")
    return found


def _bound(name: str, function: Function, call: ast.Call) -> Arguments:
    signature = signature_of(function.signature)
    arrays = [one.name for one in signature.parameters.values() if one.annotation == ARRAY]
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            raise WrittenError(f"{name}: '*' at column {argument.col_offset + 1} cannot be read: write the arguments")
    given: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise WrittenError(
                f"{name}: '**' at column {keyword.value.col_offset + 1} cannot be read: write the arguments"
            )
        if keyword.arg in function.ignored:
            continue
        if keyword.arg not in signature.parameters:
            raise WrittenError(
                f"{name} has no argument '{keyword.arg}' (column {keyword.col_offset + 1}); "
                f"there are {', '.join(signature.parameters)}"
            )
        given[keyword.arg] = keyword.value
    try:
        bound = signature.bind(*call.args, **given)
    except TypeError as error:
        raise WrittenError(f"{name}: {error} (column {call.end_col_offset or 1})") from error
    values = {one.name: one.default for one in signature.parameters.values()}
    columns = {}
    for argument_name, node in bound.arguments.items():
        columns[argument_name] = node.col_offset + 1
        values[argument_name] = None if argument_name in arrays else _literal(name, argument_name, node)
    return Arguments(name, values, columns)


def _literal(function: str, name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        dotted = _dotted(node)
        if dotted is not None and "." in dotted:  # jax.lax.add, torch.float32: told by its name
            return dotted
        raise WrittenError(
            f"{function}: {name} at column {node.col_offset + 1} is no literal: write the number itself"
        ) from error


@lru_cache(maxsize=256)
def signature_of(text: str) -> inspect.Signature:
    """The signature that a text of parameters says."""
    made = ast.parse(f"def f({text}): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    return inspect.Signature(list(_parameters(made.args)))


def _parameters(said: ast.arguments) -> Iterator[inspect.Parameter]:
    defaults: list[ast.expr | None] = [None] * (len(said.args) - len(said.defaults))
    defaults += said.defaults
    for kind, names, values in (
        (inspect.Parameter.POSITIONAL_OR_KEYWORD, said.args, defaults),
        (inspect.Parameter.KEYWORD_ONLY, said.kwonlyargs, said.kw_defaults),
    ):
        for one, default in zip(names, values, strict=True):
            yield inspect.Parameter(
                one.arg,
                kind,
                default=inspect.Parameter.empty if default is None else ast.literal_eval(default),
                annotation=ARRAY if one.annotation is not None else inspect.Parameter.empty,
            )


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


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


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _short(value: object) -> str:
    return _short_text(repr(value))


def _short_text(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"
