"""Data for recurrent models: sequences of different lengths, batches, windows over a series, vocabularies, files of one's own.

    >>> import autorecur as ar
    >>> data = ar.data.Sequences([[0.1, 0.2, 0.3], [0.5, 0.4]], y=[1.0, 0.0])
    >>> [batch.x.shape for batch in ar.data.Loader(data, batch_size=2)]
    [(3, 2, 1)]

Nothing is downloaded: the tasks of the field are generated (:mod:`autorecur.data.tasks`), everything else is yours.
"""

from autorecur.data import tasks as tasks
from autorecur.data.batches import Batch as Batch
from autorecur.data.loader import Loader as Loader
from autorecur.data.sequences import Sample as Sample
from autorecur.data.sequences import Sequences as Sequences
from autorecur.data.sequences import intervals as intervals
from autorecur.data.splits import split as split
from autorecur.data.standardiser import Standardiser as Standardiser
from autorecur.data.tables import Table as Table
from autorecur.data.tables import read_csv as read_csv
from autorecur.data.tables import read_table as read_table
from autorecur.data.texts import read_text as read_text
from autorecur.data.texts import words as words
from autorecur.data.vocabulary import Vocabulary as Vocabulary
from autorecur.data.windows import chunks as chunks
from autorecur.data.windows import streams as streams
from autorecur.data.windows import windows as windows

__all__ = [
    "Batch",
    "Loader",
    "Sample",
    "Sequences",
    "Standardiser",
    "Table",
    "Vocabulary",
    "chunks",
    "intervals",
    "read_csv",
    "read_table",
    "read_text",
    "split",
    "streams",
    "tasks",
    "windows",
    "words",
]
