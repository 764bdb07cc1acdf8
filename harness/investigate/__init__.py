"""A layer looked into: what it applies, what other ways to say it apply, and what says the same elsewhere.

    what was written ──► Question ──► theory's part ──► observed ──► Answer ──► text, JSON, pictures
                         question      padding          observing    answer     telling

The user of this has one layer and a doubt. What the padding of a layer is, is read off its operator, of the theory's
and of what each framework computed; nothing is taken from documentation.
"""
