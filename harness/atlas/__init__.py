"""The atlas: of two conventions that people confuse, exactly when they are the same layer.

``pairs`` has each pair with its rule in closed form; ``compared`` asks the theory's operators, over a grid of all
remainders, what is so; ``map`` draws it; ``page`` is docs/atlas.md. No framework is asked: what each convention means
is what the claims of :mod:`cases.conventions` say, and those are held against the frameworks elsewhere.
"""
