"""The arguments of a layer as people write it: bound to its function's signature, and read as what they have to be.

Text is parsed and never evaluated: arguments are literals, and names stand for arrays alone.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cases.layer import Ends, Sizes

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
        return WrittenError(f"{self.function}: {name} = {short(repr(self.values[name]))}{where}: {why}")


def bound(name: str, parameters: str, ignored: Sequence[str], call: ast.Call) -> Arguments:
    """The arguments of a call.

    Parameters
    ----------
    name : str
        What is called.
    parameters : str
        Its parameters as Python writes them.
    ignored : sequence of str
        Keyword arguments beyond these that change nothing.
    call : ast.Call

    Raises
    ------
    WrittenError
        They do not fit, or one is no literal.
    """
    signature = signature_of(parameters)
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
        if keyword.arg in ignored:
            continue
        if keyword.arg not in signature.parameters:
            raise WrittenError(
                f"{name} has no argument '{keyword.arg}' (column {keyword.col_offset + 1}); "
                f"there are {', '.join(signature.parameters)}"
            )
        given[keyword.arg] = keyword.value
    try:
        given_to = signature.bind(*call.args, **given)
    except TypeError as error:
        raise WrittenError(f"{name}: {error} (column {call.end_col_offset or 1})") from error
    values = {one.name: one.default for one in signature.parameters.values()}
    columns = {}
    for argument_name, node in given_to.arguments.items():
        columns[argument_name] = node.col_offset + 1
        values[argument_name] = None if argument_name in arrays else _literal(name, argument_name, node)
    return Arguments(name, values, columns)


def _literal(function: str, name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        full = dotted(node)
        if full is not None and "." in full:  # jax.lax.add, torch.float32: told by its name
            return full
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


def dotted(node: ast.expr) -> str | None:
    """The name that an expression is, with its dots; None where it is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def short(text: str) -> str:
    """A text that others wrote, in one line of some length."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"
