"""What an adapter is.

An adapter makes one framework observable. It is one class in one file, and it does two things.

1. It **says** a case: :meth:`Adapter.say` turns a case into the framework's own function and arguments
   (:class:`Spelling`), or into the reason why the route has no way to say it (:class:`Unsupported`). This is plain
   data, decided from the case's parameters before anything runs, and needs no framework to be installed.
2. It **runs** what it said: :meth:`Adapter.run` takes a few :class:`Call`, each a layer and the inputs to feed it, and
   gives for each what the framework returned or raised (:class:`Returned`, :class:`Raised`).

A framework has several routes (:class:`Route`), each can be run in several modes (:class:`Mode`), and what its process
does can be switched (:attr:`Adapter.switches`): every combination is a surface of its own.

Arrays are NumPy's on this side, in one order: inputs are (batch, feature maps, axis 1 … axis N), kernels as
:func:`cases.stimuli.kernel_shape` says. A spelling names the framework's own order in letters, N C and D H W for
data, O I and D H W for kernels, and the adapter's arrays are turned into it with :mod:`harness.frameworks.arrays`.

An adapter knows nothing of the theory: no size, no operator, no expectation. Whatever it raises itself is our own
fault (``harness_error``); only what happens inside :func:`attempt` is the framework's. The framework is imported
when the adapter is made, not when its module is.
"""

from __future__ import annotations

import importlib.util
import os
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from cases.case import OPS, Case, Op
from harness.frameworks.written import Function
from harness.records import TEXT_LIMIT, Probe

if TYPE_CHECKING:
    from harness.frameworks.code import Writer
    from harness.frameworks.scripts import Script

Array = NDArray[Any]
Kind = Literal["plain", "declared", "compiled"]
Wanted = Literal["output", "gradients", "shape"]

COMPUTED: tuple[Probe, ...] = ("forward", "adjoint", "direct", "bias", "dense")


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to run a route's layers.

    Attributes
    ----------
    kind : {'plain', 'declared', 'compiled'}
        Whether the layer is computed as most people do, not computed but asked for its shape, or computed in another
        way, which mostly costs a compilation. A grid says which kinds it takes.
    probes : tuple of str
        What can be seen that way.
    batch : int
        How many cases :meth:`Adapter.run` works best with at once.
    ops : tuple of str
        The operations that can be seen that way, of those that the route has.
    """

    kind: Kind = "plain"
    probes: tuple[Probe, ...] = COMPUTED
    batch: int = 1
    ops: tuple[Op, ...] = OPS


DECLARED = Mode("declared", ("declared",), 100)


@dataclass(frozen=True, slots=True)
class Route:
    """A way into a framework: some functions or classes that one calls.

    Attributes
    ----------
    modes : mapping
        From the name of each mode to what it is.
    ops : tuple of str
        The operations that there is a function for at all. Of others the route has nothing to say.
    """

    modes: Mapping[str, Mode]
    ops: tuple[Op, ...] = OPS

    def seen(self, mode: str) -> tuple[Op, ...]:
        """The operations that can be seen in a mode."""
        return tuple(op for op in self.ops if op in self.modes[mode].ops)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a route says a case.

    Attributes
    ----------
    function : str
        What is called, as one would write it: 'torch.nn.functional.conv2d'.
    arguments : mapping
        Its keyword arguments: literals only, without inputs and weights.
    data : str
        The order of the input's axes: 'NCHW', 'NHWC' …
    kernel : str
        The order of the kernel's axes, I and O as the layer's own input and output maps: 'OIHW', 'HWIO' …; '' where
        there is none.
    flip : bool
        Whether the kernel has to be turned by 180° first.
    stride : str
        What the stride is where it is left out: '1', 'the window'; '' where it has to be given.
    divisor : str
        Of an average pooling: what it divides by unless it is told otherwise.
    """

    function: str
    arguments: Mapping[str, Any]
    data: str
    kernel: str = ""
    flip: bool = False
    stride: str = ""
    divisor: str = ""

    @property
    def call(self) -> str:
        """As one writes it, without input and weights."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.function}({arguments})"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A case that a route has no way to say, and why."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One layer, and what to feed it.

    Attributes
    ----------
    case : Case
        Case.batch says how many inputs the layer may be given at once.
    route, mode : str
    spelling : Spelling
        What :meth:`Adapter.say` said for the two.
    kernel : ndarray or None
        Of shape :func:`cases.stimuli.kernel_shape`; None for pooling.
    bias : ndarray or None
        A number for each output map.
    x : ndarray, shape (batch, channels_in, i_1 … i_N)
    wanted : {'output', 'gradients', 'shape'}
        The layer's output for x. Or x has one element in its batch, and the gradient with respect to it is asked for,
        for each one-hot cotangent of the output in turn, stacked in row-major order. Or the shape of the output alone,
        as the framework declares it before it computes anything.
    """

    case: Case
    route: str
    mode: str
    spelling: Spelling
    kernel: Array | None
    bias: Array | None
    x: Array
    wanted: Wanted = "output"

    @property
    def pull_back(self) -> bool:
        """Whether gradients are asked for."""
        return self.wanted == "gradients"


@dataclass(frozen=True, slots=True, eq=False)
class Returned:
    """What a framework returned.

    Attributes
    ----------
    shape : tuple of (int or None)
        Of the layer's output, in the order (batch, feature maps, axis 1 … axis N). A declared size may be unknown.
    array : ndarray
        The output; or, where gradients are asked for, their stack, each of x's shape; or nothing where the shape is.
    """

    shape: tuple[int | None, ...]
    array: Array = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that a framework raised. ``ours`` says that the fault is the adapter's."""

    error: str
    text: str
    ours: bool = False


Result = Returned | Raised

Trouble = Literal["", "memory", "device"]
"""No memory is left, whosever fault it is; or the device is lost to this process, and whatever comes next fails too."""


class NoDeviceError(Exception):
    """The device that was asked for is not there. The message says so in one sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(f"no CUDA device: {why}; use --device cpu, or a machine that has one")


class Adapter(ABC):
    """A framework, as the harness sees it.

    Attributes
    ----------
    name : str
        The framework's, as on the command line.
    package : str
        The module that is imported for it.
    requirement : str
        What to install for it.
    distributions : tuple of tuple of str
        What an index has it as: it is there where one of each is installed. What is imported, if left out.
    routes : mapping
        The ways into it, each named after the module, or the function, that one calls.
    switches : tuple of str
        What can be set otherwise for a whole process, each named as one would: 'threads=2'.
    functions : mapping
        What of it can be read where people write it, by full name: the other way round of :meth:`say`.
    further_switches : tuple of str
        The same, of those that no grid takes: where a disagreement is observed again, or one asks for them by name.
    writer : Writer or None
        How code for it is written, if it can be translated to.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    requirement: ClassVar[str]
    distributions: ClassVar[tuple[tuple[str, ...], ...]] = ()
    routes: ClassVar[Mapping[str, Route]]
    switches: ClassVar[tuple[str, ...]] = ()
    functions: ClassVar[Mapping[str, Function]] = {}
    further_switches: ClassVar[tuple[str, ...]] = ()
    writer: ClassVar[Writer | None] = None

    @abstractmethod
    def __init__(self, device: str, switch: str = "") -> None:
        """Import the framework, to be used on a device, 'cpu' or 'gpu', in one thread unless the switch says otherwise.

        It may be configured but not started: the process is forked after this, and threads do not survive that.

        Raises
        ------
        ModuleNotFoundError
            It is not installed.
        """

    @classmethod
    def how_to_install(cls) -> str:
        """What a user does who lacks the framework."""
        return f"install it with: pip install '{cls.requirement}'"

    @classmethod
    def is_of(cls, packages: Collection[str]) -> bool:
        """Whether requirements that name these packages ask for the framework."""
        groups = cls.distributions or ((cls.package.partition(".")[0].replace("_", "-"),),)
        return all(any(name in packages for name in group) for group in groups)

    @staticmethod
    @abstractmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        """How a route says a case, or why it cannot. Pure: from the parameters alone, without the framework."""

    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What decides which code runs: 'version', build, device, threads, switches.

        Raises
        ------
        NoDeviceError
            The device is not there.
        """

    @abstractmethod
    def run_one(self, call: Call) -> Result:
        """What the framework does with one call."""

    def run(self, calls: Sequence[Call]) -> Iterator[Result]:
        """What the framework does with each call, in order; all are of one mode.

        Override it where many at once cost less.
        """
        for call in calls:
            yield self.run_one(call)

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        """A call as a few lines of Python that a person runs: with the framework and NumPy, and nothing of ours.

        Pure, as :meth:`say` is. Unless it is overridden, the lines have the adapter itself do the call.
        """
        from harness.frameworks.scripts import by_adapter

        return by_adapter(cls.__module__, cls.__qualname__, call, switch)

    @staticmethod
    def trouble(error: Raised) -> Trouble:
        """What an error tells of the machine instead of the layer, if anything. Override it: each has its own words."""
        return "memory" if error.error == "MemoryError" else ""

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the framework can be imported here, as far as one sees without doing so."""
        try:
            return importlib.util.find_spec(cls.package) is not None
        except ModuleNotFoundError:  # of a.b, not even a
            return False


def attempt(action: Callable[[], Returned]) -> Result:
    """Run what is the framework's, and take what it raises as its answer.

    A name, attribute or import that is missing in the adapter's own lines is the adapter's fault, not an answer.
    """
    try:
        return action()
    except Exception as error:  # whatever a framework raises is an observation
        return raised(error)


def together(calls: Sequence[Call], program: Callable[[Sequence[Call]], list[Result]]) -> Iterator[Result]:
    """The results of calls that are compiled and run as one program.

    Where the program as a whole fails, its halves show whose failure it is.
    """
    try:
        yield from program(calls)
        return
    except Exception as error:
        if len(calls) == 1:
            yield raised(error)
            return
    middle = len(calls) // 2
    yield from together(calls[:middle], program)
    yield from together(calls[middle:], program)


def raised(error: Exception) -> Raised:
    """An exception as a record: its class, and its message cut to length."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = str(error)
    except Exception:  # a message that cannot be made is still an error
        text = "(its message cannot be printed)"
    # From where it was caught to where it was raised. The first file that is not this one is the adapter's.
    frames = traceback.extract_tb(error.__traceback__)
    adapter = next((frame.filename for frame in frames if frame.filename != __file__), "")
    ours = (
        isinstance(error, (NameError, AttributeError, ImportError))
        and bool(frames)
        and (frames[-1].filename == adapter or frames[-1].filename.startswith(_HERE))
    )
    if ours:
        last = frames[-1]
        text = f"{text} (at '{last.line}', line {last.lineno} of {os.path.basename(last.filename)})"
    return Raised(name, text[:TEXT_LIMIT], ours)


_HERE = __file__.rpartition("/")[0]
