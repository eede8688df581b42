"""Recurrences as machine code: a cell's equations over time as a table of instructions, and what runs it.

To be read in the order of the data, each module from graph to graph or from graph to tables:

* ``equations.py`` (with ``expand.py``), ``backward.py``: a step and its adjoints as sums of products and pointwise equations;
* ``hoist.py``, ``order.py``, ``stack.py``, ``fuse.py``, ``storage.py``, ``source.py``: the passes, joined in ``program.py``;
* ``memory.py``, ``layout.py``, ``plan.py``: a program for given sizes, as tables;
* ``native.py``, ``pointers.py``, ``blas.py``, ``machine.py``, ``runner.py``, ``workspace.py``: what runs the tables;
* ``wording.py``, ``account.py``, ``explain.py``: what the passes did, in words.

``notes/compiler/`` has a page for each pass.
"""
