"""Which switch decides: disagreements are observed again, with one thing otherwise at a time.

    unexpected verdicts ──► Kind ──► Look ──► observations ──► a sentence
                            kinds    looks    again            words

``Kind``
    disagreements that say the same of layers of one sort on one surface. Its smallest case stands for it (``kinds``).
``Look``
    that case again: as it was, and with another switch of the process, in another mode, in another layout, element type
    or batch (``looks``). All else is equal, so what makes a difference is what it depends on.
``again``
    observes them as everything is observed, in processes of their own, keeps them in ``varied.parquet``, and tells.

What is said of a kind was seen of its smallest case, and says so on the others.
"""
