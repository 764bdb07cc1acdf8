"""Many layers as one traced function of TensorFlow's: ``tf.function``, with sizes that are known to it or are not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.frameworks.base import Raised, raised
from harness.records import TEXT_LIMIT

Tensors = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A function of tensors, and what it is to be given, one after the other.

    Attributes
    ----------
    function : callable
        From some tensors to one.
    parts : sequence of tuple of Tensor
        Its arguments, once for each time that it is to be called.
    known : tuple of int
        The axes of the arguments whose sizes are known when it is traced.
    """

    function: Callable[..., Any]
    parts: Sequence[Tensors]
    known: tuple[int, ...]


@dataclass(slots=True)
class Traced:
    """What came of tracing some tasks.

    Attributes
    ----------
    refused : dict
        The errors that were raised while a task was traced.
    shapes : dict
        Of every other task, the shape of what its function returns for its first part, None where a size is unknown;
        where the number of axes is too, as many as there are in the input.
    """

    refused: dict[int, Raised] = field(default_factory=dict)
    shapes: dict[int, list[int | None]] = field(default_factory=dict)


def trace(tf: Any, tasks: Mapping[int, Task], device: str, *, xla: bool = False) -> tuple[Any, Traced, list[_Slot]]:
    """Trace tasks as one function.

    Each is traced once for each shape of its arguments. An error in tracing one is that task's alone.

    Returns
    -------
    function : ConcreteFunction
        Not called yet, so neither optimised nor compiled.
    traced : Traced
    slots : list of _Slot
        What it is to be given, one for each of its arguments.
    """
    slots = [slot for number, task in tasks.items() for slot in _slots(tf, number, task)]
    traced = Traced()

    def program(*arguments: Tensors) -> list[Any]:
        outputs: list[Any] = []
        for slot, argument in zip(slots, arguments, strict=True):
            output: Any = ()
            try:
                with tf.device(device):
                    output = tasks[slot.task].function(*argument)
                known = output.shape.rank is not None
                traced.shapes.setdefault(
                    slot.task, output.shape.as_list() if known else [None] * len(argument[0].shape)
                )
            except Exception as error:
                traced.refused.setdefault(slot.task, told(error))
            outputs.append(output)
        return outputs

    function = tf.function(program, autograph=False, jit_compile=True if xla else None)
    return function.get_concrete_function(*(slot.specification for slot in slots)), traced, slots


def run(
    tf: Any, tasks: Mapping[int, Task], device: str, *, xla: bool = False
) -> tuple[dict[int, list[Any]], dict[int, Raised]]:
    """Trace tasks as functions, many in one, and call each until every task in it has had all of its parts.

    Returns
    -------
    outputs : dict
        Of each task, what its function returned for each of its parts.
    refused : dict
        Of each task that could not be traced or failed when it ran, why.
    """
    outputs: dict[int, list[Any]] = {}
    refused: dict[int, Raised] = {}
    # Whoever shares a function is called as often as the others, so those that have to be called about as often do.
    alike: dict[int, dict[int, Task]] = {}
    for number, task in tasks.items():
        alike.setdefault(len(task.parts).bit_length(), {})[number] = task
    waiting = list(alike.values())
    while waiting:
        some = waiting.pop()
        try:
            done = _run(tf, some, device, xla)
        except Exception as error:
            if len(some) == 1:
                refused |= dict.fromkeys(some, told(error))
            else:
                waiting += _tenths(some)
            continue
        outputs |= done[0]
        refused |= done[1]
    return outputs, refused


def _run(tf: Any, tasks: Mapping[int, Task], device: str, xla: bool) -> tuple[dict[int, list[Any]], dict[int, Raised]]:
    """As :func:`run`, in one function, whose failure is raised."""
    function, traced, slots = trace(tf, tasks, device, xla=xla)
    outputs: dict[int, list[Any]] = {
        number: [None] * len(task.parts) for number, task in tasks.items() if number not in traced.refused
    }
    for turn in range(max((len(slot.parts) for slot in slots), default=0)):
        # A task that has had all its parts is given its last once more.
        with tf.device(device):
            given = function(*(slot.parts[min(turn, len(slot.parts) - 1)][1] for slot in slots))
        for slot, output in zip(slots, given, strict=True):
            if slot.task in outputs and turn < len(slot.parts):
                outputs[slot.task][slot.parts[turn][0]] = output
    return outputs, traced.refused


def _tenths(tasks: dict[int, Task]) -> list[dict[int, Task]]:
    """Tasks that failed together, in ten parts, to see whose failure it is.

    Each part is traced anew, so that many small steps, halves say, would cost more.
    """
    numbers, step = list(tasks), math.ceil(len(tasks) / 10)
    return [
        {number: tasks[number] for number in numbers[start : start + step]} for start in range(0, len(numbers), step)
    ]


def told(error: Exception) -> Raised:
    """An error of a traced function as a record, without what differs from one run to the next.

    That is where in the harness each node was made, and the numbers that tell a program's functions and nodes apart.
    """
    text = str(error)
    if text.startswith(_TRACEBACK):
        lines = text.splitlines()
        frames = [number for number, line in enumerate(lines) if _FRAME.match(line)]
        text = "\n".join(lines[max(frames, default=0) + 1 :]).strip()
    for what in _NUMBERED:
        text = what.sub("", text)
    for named in (_NODE, _INPUTS):
        text = named.sub(lambda found: _NUMBER.sub("", found[0]), text)
    made = raised(error)
    return made if made.ours else replace(made, text=text[:TEXT_LIMIT])


_TRACEBACK = "Graph execution error:"
_FRAME = re.compile(r"Detected at node |<stack traces unavailable>|  File |    ")
_NUMBERED = (
    re.compile(r"\{\{function_node [^}]*\}\} ?"),
    re.compile(r" ?\[Op:__inference_\w+\]"),
    re.compile(r"\n\ttf2xla conversion failed while converting .*"),
)
_NODE = re.compile(r"\{\{node [^}]*\}\}")
_INPUTS = re.compile(r"(?<=\])\([^()]*\)(?=')")  # of an operation that is told whole: Conv2D[…](arguments_5, Const_2)'
_NUMBER = re.compile(r"_\d+")


@dataclass(frozen=True, slots=True)
class _Slot:
    """One argument of a traced function: parts of a task that it sees as alike, each with its number."""

    task: int
    specification: Any
    parts: list[tuple[int, Tensors]]


def _slots(tf: Any, number: int, task: Task) -> list[_Slot]:
    found: dict[Any, _Slot] = {}
    for place, part in enumerate(task.parts):
        specification = tuple(
            tf.TensorSpec([size if axis in task.known else None for axis, size in enumerate(x.shape)], x.dtype)
            for x in part
        )
        found.setdefault(specification, _Slot(number, specification, [])).parts.append((place, part))
    return list(found.values())
