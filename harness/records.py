"""The records that flow through the house: surfaces, observations, verdicts.

Plain and frozen, of the standard library's making, so that the processes that observe need nothing else to make them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

SCHEMA = 1  # of every record on disk; raise it when a field changes its meaning

Probe = Literal["forward", "adjoint", "direct", "bias", "dense", "declared"]
Outcome = Literal["returned", "raised", "crashed", "timed_out", "unsupported", "harness_error"]
Status = Literal[
    "agrees",
    "known",  # of no verdict itself: what verdicts count as that deviate as the known deviations say
    "wrong_shape",
    "wrong_operator",
    "wrong_numerics",
    "rejected",
    "accepted",
    "unstable",
    "unsupported",
    "crashed",
    "timed_out",
    "harness_error",
]

PROBES: tuple[Probe, ...] = get_args(Probe)
STATUSES: tuple[Status, ...] = get_args(Status)
EXPECTED_STATUSES: frozenset[Status] = frozenset({"agrees", "known", "unsupported"})

MACHINE = ("processor", "instruction_sets")  # facts that differ from machine to machine
Where = tuple[str, str, str]  # a framework, a switch and a release: what has processes of its own

TEXT_LIMIT = 2000  # characters of a framework's message that are kept


@dataclass(frozen=True, slots=True, order=True)
class Surface:
    """One way into one framework.

    Attributes
    ----------
    framework : str
        'torch', 'tensorflow', 'jax' …
    route : str
        The part of it that is called: 'torch.nn.functional', 'keras.layers' …
    mode : str
        How it is run: 'eager', 'jit', 'meta' …
    switch : str
        What of the process is set otherwise than by default: 'mkldnn=off', 'threads=2' …; else empty.
    release : str
        What was installed for it, as it was asked for: 'jax==0.4.30', 'keras==3.13.0 tensorflow-cpu==2.21.0' …; empty
        where nothing was, and an environment that was there has been observed.
    """

    framework: str
    route: str
    mode: str
    switch: str = ""
    release: str = ""

    def __str__(self) -> str:
        return "/".join(self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """All that it says, the framework first and what was installed for it next."""
        told = (self.framework, self.release, self.route, self.mode, self.switch)
        return tuple(part for part in told if part)

    @property
    def where(self) -> Where:
        """In which processes it is observed."""
        return self.framework, self.switch, self.release


@dataclass(frozen=True, slots=True)
class Job:
    """One case to observe on one surface, by some probes."""

    case_id: str
    surface: Surface
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen of one case on one surface by one probe. It knows nothing of the theory.

    Attributes
    ----------
    probe : {'forward', 'adjoint', 'direct', 'bias', 'dense', 'declared'}
        The layer's forward pass on all impulses; its backward pass on all one-hot cotangents; the guide's equivalent
        direct convolution (S7), forward; the forward pass on an input of zeros; or on one dense input; the shape that
        the framework says the output has, without computing it.
    outcome : {'returned', 'raised', 'crashed', 'timed_out', 'unsupported', 'harness_error'}
    shape : tuple of (int or None), or None
        Of what was returned, batch first, feature maps second. A size of None was declared to be unknown.
    digest : str or None
        Of the operator that was read off (:attr:`harness.operator.Operator.digest`).
    operator : dict or None
        The operator itself (:meth:`harness.operator.Operator.to_json`). Kept where it is evidence of something.
    error, text : str or None
        The error's class and message, the signal's name, or the reason why a route cannot say the case.
    seconds : float
        Wall time.
    """

    case_id: str
    surface: Surface
    probe: Probe
    outcome: Outcome
    shape: tuple[int | None, ...] | None = None
    digest: str | None = None
    operator: dict[str, Any] | None = None
    error: str | None = None
    text: str | None = None
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, Surface, Probe]:
        """What was observed; two observations of one key should be the same."""
        return (self.case_id, self.surface, self.probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The theory against one observation.

    Attributes
    ----------
    aspect : str
        What was judged: the observation's probe.
    relationships : tuple of str
        All claims about the case, relationships and conventions, the most particular first; then the statements that
        this aspect of it tests.
    status : str
        See docs/design.md, 'Verdicts'.
    expected, observed : str
        In words and numbers.
    diagnosis : str
        What differs and how; empty where nothing does.
    known : str
        The entry of the known deviations that knows it; empty where none does.
    depends : str
        On which switch, mode, layout, element type or batch it depends; empty where it was not observed again.
    """

    case_id: str
    surface: Surface
    aspect: Probe
    relationships: tuple[str, ...]
    status: Status
    expected: str
    observed: str
    diagnosis: str = ""
    known: str = ""
    depends: str = ""

    @property
    def counted(self) -> Status:
        """The status that it counts as."""
        return "known" if self.known else self.status

    @property
    def as_expected(self) -> bool:
        """Whether there is nothing to report: it agrees, is known to deviate, or cannot be said."""
        return self.counted in EXPECTED_STATUSES


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a framework was observed: whatever decides which code ran.

    Attributes
    ----------
    framework : str
    python : str
        Path of the interpreter.
    switch : str
        As its surfaces have it.
    facts : dict
        Versions, device, threads, processor …, as the worker found them.
    failure : str or None
        Why nothing, or not everything, could be observed there.
    switch, release : str
        As its surfaces have them.
    packages : tuple of str
        All that was installed, 'NAME==VERSION', if we made the environment.
    """

    framework: str
    python: str
    facts: dict[str, str] = field(default_factory=dict)
    failure: str | None = None
    switch: str = ""
    release: str = ""
    packages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The framework, and what was installed for it."""
        return " ".join(filter(None, (self.framework, self.release)))

    @property
    def where(self) -> Where:
        """Of which processes it is the environment."""
        return self.framework, self.switch, self.release

    def differs(self, other: Environment) -> str:
        """What makes another environment of the framework one whose observations do not belong with these; or empty.

        Processors may differ: the shards of a run are observed on many machines.
        """
        if not self.facts or not other.facts:  # nothing was observed there
            return ""
        names = [name for name in (*self.facts, *other.facts) if name not in MACHINE]
        told = [
            f"{name} {self.facts.get(name, 'unknown')} and {other.facts.get(name, 'unknown')}"
            for name in names
            if self.facts.get(name) != other.facts.get(name)
        ]
        return f"{'/'.join(filter(None, self.where))} has {told[0]}" if told else ""

    def joined(self, other: Environment) -> Environment:
        """Both as one, of observations that belong together; what differs is told of both."""
        facts = {**self.facts, **other.facts}
        for name in MACHINE:
            told = [place.facts[name] for place in (self, other) if name in place.facts]
            if told:
                facts[name] = " / ".join(dict.fromkeys(" / ".join(told).split(" / ")))
        return replace(self, facts=facts, failure=self.failure or other.failure)
