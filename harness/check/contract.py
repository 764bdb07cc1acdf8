"""All that is asked of an adapter, in order, up to where going on would tell nothing."""

from __future__ import annotations

from collections.abc import Iterator

from harness.check.declarations import declarations
from harness.check.observing import Checked, agreement, form, sayable, switches
from harness.check.result import Check
from harness.check.saying import saying
from harness.frameworks import registry

# Where one of these does not hold, what comes after it would be asked of nothing, or of something else.
_STOPS = {
    "package",
    "routes",
    "switches",
    "imports",
    "total",
    "letters",
    "ops",
    "installed",
    "starts",
    "facts",
    "results",
    "in-order",
    "shapes",
}


def checks(reference: str, registered: str = "") -> Iterator[Check]:
    """The checks of an adapter, each as soon as it is known.

    Parameters
    ----------
    reference : str
        'MODULE:CLASS'.
    registered : str
        The name that an entry point gives it; empty if there is none.
    """
    for check in _all(reference, registered):
        yield check
        if check.status != "ok" and check.name in _STOPS:
            return


def _all(reference: str, registered: str) -> Iterator[Check]:
    try:
        kind = registry.load(reference)
    except ImportError as error:
        yield _unloaded(str(error))
        return
    except Exception as error:  # whatever a module raises while it is imported
        yield _unloaded(f"importing {reference.partition(':')[0]} raises {type(error).__name__}: {error}")
        return
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        told = f"{reference} has no {', '.join(missing)}"
        yield Check("loads", "wrong", told, "define what base.Adapter leaves open")
        return
    yield Check("loads", "ok", f"{reference} is derived from harness.frameworks.base.Adapter")
    yield from declarations(kind, registered)
    packages = {kind.package, *(registry.load(built_in).package for built_in in registry.BUILT_IN.values())}
    yield from saying(reference, sorted(name.partition(".")[0] for name in packages))
    checked = Checked(kind, reference, registered)
    yield sayable(checked)
    if not kind.is_installed():
        yield Check(
            "installed", "absent", f"{kind.package} is not installed in this environment", kind.how_to_install()
        )
        return
    yield Check("installed", "ok", f"{kind.package} can be imported")
    yield from form(checked)
    yield from agreement(checked)
    yield from switches(checked)


def _unloaded(told: str) -> Check:
    remedy = "let MODULE:CLASS name a class derived from base.Adapter, in a module that imports no framework"
    return Check("loads", "wrong", " ".join(told.split()), remedy)
