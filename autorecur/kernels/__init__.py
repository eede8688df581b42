"""Loops over large arrays, compiled where measurement says that they earn it; everything small stays NumPy's.

``choice.py`` says which op is compiled from which size on, ``fused.py`` turns an op's own derivative rule into one loop,
``rows.py`` holds the loops over rows, ``elementary.py`` and its like the scalar functions in them, ``compiled.py``
compiles, ``cache.py`` keeps the machine code on disk. Nothing here imports numba before a large array asks for it, and
without numba every op is NumPy's.
"""
