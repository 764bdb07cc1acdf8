"""Whether an adapter keeps what ``frameworks/base.py`` asks of it: ``contract`` has the order of the checks."""
