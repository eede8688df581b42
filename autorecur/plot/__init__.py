"""Pictures of trainings, runs and predictions, one call each; drawn by matplotlib (``pip install 'autorecur[plot]'``).

* of a :class:`autorecur.train.History`: :func:`loss`, :func:`metric`, :func:`gradient_norm`;
* of a recorded run (``cell.run(record=True)``, :func:`autorecur.nn.record`): :func:`gates`, :func:`gradient_through_time`;
* of :func:`autorecur.flow`: :func:`flow`;
* of predictions: :func:`forecast`, :func:`confusion`.

Each returns a :class:`Plot`, which shows itself in a notebook, has ``figure``, ``axes`` and ``save(path)``, and opens no
window. ``theme`` is ``"light"``, ``"dark"`` or ``"auto"``: as the axes that were given, else as matplotlib's own settings.
"""

from __future__ import annotations

from autorecur.plot.canvas import Plot as Plot
from autorecur.plot.flows import flow as flow
from autorecur.plot.predictions import confusion as confusion
from autorecur.plot.predictions import forecast as forecast
from autorecur.plot.runs import gates as gates
from autorecur.plot.runs import gradient_through_time as gradient_through_time
from autorecur.plot.trainings import gradient_norm as gradient_norm
from autorecur.plot.trainings import loss as loss
from autorecur.plot.trainings import metric as metric

__all__ = ["Plot", "confusion", "flow", "forecast", "gates", "gradient_norm", "gradient_through_time", "loss", "metric"]
