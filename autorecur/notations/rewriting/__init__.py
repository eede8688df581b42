"""A cell in another notation: rows for columns, transposed weights, weights of a stack; and its parameters mapped back."""

from autorecur.notations.rewriting.parameters import Part as Part
from autorecur.notations.rewriting.parameters import Place as Place
from autorecur.notations.rewriting.rewrite import Rewriting as Rewriting
from autorecur.notations.rewriting.rewrite import rewrite as rewrite
