"""Series: a sine, three chaotic ones, and one that is measured at irregular times."""

from __future__ import annotations

import numpy as np

from autorecur.data.arguments import whole
from autorecur.data.sequences import Sequences
from autorecur.data.windows import windows
from autorecur.tape.numbers import Array

Point = tuple[float, float, float]


def sine(count: int = 200, length: int = 50, seed: int = 0, noise: float = 0.0, horizon: int = 1) -> Sequences:
    """Sines of random phase, with periods of 10 to 40 steps: at each step the value ``horizon`` steps later is asked for.

    x and y (T, 1), ``noise`` the standard deviation of what is added to x. Who always answers 0 has a mean squared error of
    1/2 (``baseline``).

    >>> sine(count=2, length=30)
    <2 sequences of 30 steps of 1 number; 1 number, one a step>
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    count, length, horizon = whole("count", count), whole("length", length), whole("horizon", horizon)
    phases, periods = draw.uniform(0, 2 * np.pi, (count, 1)), draw.uniform(10, 40, (count, 1))
    waves = np.sin(phases + 2 * np.pi * np.arange(length + horizon) / periods)
    x = waves[:, :length] + noise * draw.standard_normal((count, length))
    return Sequences(x[..., None], waves[:, horizon:, None], readout="every", baseline=0.5)


def mackey_glass(count: int = 200, length: int = 50, seed: int = 0, horizon: int = 6, delay: int = 17) -> Sequences:
    """Windows of the Mackey–Glass series, chaotic from a ``delay`` of 17 on: the value ``horizon`` steps later is asked for.

    dx/dt = 0.2 x(t − τ) / (1 + x(t − τ)¹⁰) − 0.1 x(t), by the classical Runge–Kutta method in steps of 0.1, one number a
    unit of time, less 0.9. x and y (T, 1), consecutive windows of one series. ``baseline`` is the variance of the
    targets: the mean squared error of who always answers the mean, about 0.05.

    Source: Mackey & Glass (1977), Oscillation and chaos in physiological control systems, Science 197.

    >>> data = mackey_glass(count=3, length=20)
    >>> bool(0.01 < data.baseline < 0.1)
    True
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    lag = 10 * whole("delay", delay)
    many = _steps(count, length, horizon)
    keep, *weigh = (_damped(*one) for one in np.eye(4).tolist())
    values = [0.9 + 0.3 * draw.random()] * (lag + 1)
    while len(values) < lag + 10 * (many + 500):
        behind = np.array(values[-lag - 1 :])  # one delay at a time is known beforehand
        pulls = [0.2 * x / (1 + x**10) for x in (behind[:-1], (behind[:-1] + behind[1:]) / 2, behind[1:])]
        for push in sum(w * pull for w, pull in zip(weigh, pulls, strict=True)).tolist():
            values.append(keep * values[-1] + push)
    return _cut(np.array(values[-10 * many :: 10])[:, None] - 0.9, count, length, horizon)


def lorenz(count: int = 200, length: int = 50, seed: int = 0, horizon: int = 1) -> Sequences:
    """Windows of the Lorenz attractor (σ = 10, ρ = 28, β = 8/3): the state ``horizon`` samples later is asked for.

    By the classical Runge–Kutta method in steps of 0.01, a sample every 0.05, as (x/10, y/10, (z − 25)/10): x and y are (T, 3).
    ``baseline`` is the variance of the targets, about 0.7.

    Source: Lorenz (1963), Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 20.

    >>> lorenz(count=2, length=20)
    <2 sequences of 20 steps of 3 numbers; 3 numbers, one a step>
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    many = _steps(count, length, horizon)

    x, y, z = draw.standard_normal(3).tolist()
    point, found = (1 + x, 1 + y, 25 + z), []
    for _ in range(many + 200):
        for _ in range(5):
            point = _along_lorenz(*point, 0.01)
        found.append(point)
    series = (np.array(found[-many:]) - [0, 0, 25]) / 10
    return _cut(series, count, length, horizon, names=("x", "y", "z"))


def logistic_map(count: int = 200, length: int = 50, seed: int = 0, horizon: int = 1) -> Sequences:
    """The logistic map x ← 4 x (1 − x): at each step the value ``horizon`` steps later is asked for, from another start each.

    x and y (T, 1). In the long run x has the mean 1/2 and the variance 1/8: the mean squared error of who answers 1/2
    (``baseline``).

    Source: May (1976), Simple mathematical models with very complicated dynamics, Nature 261.

    >>> x, y, _ = logistic_map(count=1, length=4)[0]
    >>> bool(np.allclose(y, 4 * x * (1 - x)))
    True
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    count, length, horizon = whole("count", count), whole("length", length), whole("horizon", horizon)
    series = np.empty((length + horizon, count))
    series[0] = np.sin(np.pi / 2 * draw.random(count)) ** 2  # drawn as the map itself would leave them
    for t in range(1, len(series)):
        series[t] = 4 * series[t - 1] * (1 - series[t - 1])
    x, y = series[:length].T, series[horizon:].T
    return Sequences(x[..., None], y[..., None], readout="every", baseline=1 / 8)


def irregular(count: int = 500, length: int = 40, seed: int = 0, rate: float = 1.0) -> Sequences:
    """Impulses at irregular times, and what is left of them: y[t] = exp(−Δt) y[t−1] + x[t].

    x (T, 1) normal numbers, ``dt`` exponential with ``rate`` a unit of time (0 at the first step), y (T, 1). Who does not
    see Δt cannot know how much is left. ``baseline`` is the variance of the targets: (rate + 2)/2 in a long sequence.

    Source: irregularly sampled series as in Che et al. (2018), Recurrent neural networks for multivariate time series with
    missing values (the decay), and Neil, Pfeiffer & Liu (2016), Phased LSTM.

    >>> data = irregular(count=1, length=3)
    >>> data.dt[0].shape, data.y[0].shape
    ((3,), (3, 1))
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    count, length = whole("count", count), whole("length", length)
    x, dt = draw.standard_normal((length, count)), draw.exponential(1 / rate, (length, count))
    dt[0] = 0.0
    y = np.empty_like(x)
    left = np.zeros(count)
    for t in range(length):
        left = y[t] = np.exp(-dt[t]) * left + x[t]
    return Sequences(x.T[..., None], y.T[..., None], list(dt.T), names=("impulse",), readout="every")


def _steps(count: int, length: int, horizon: int) -> int:
    return whole("count", count) * whole("length", length) + whole("horizon", horizon)


def _cut(series: Array, count: int, length: int, horizon: int, names: tuple[str, ...] | None = None) -> Sequences:
    """Windows one behind the other, with the value at each step ``horizon`` steps later."""
    return windows(series, length, horizon, stride=length, readout="every", names=names)[:count]


def _along_lorenz(x: float, y: float, z: float, step: float) -> Point:
    """A step of the Runge–Kutta method, in plain numbers: faster here than arrays of three."""
    h = step / 2
    a, b, c = _lorenz_slope(x, y, z)
    d, e, f = _lorenz_slope(x + h * a, y + h * b, z + h * c)
    g, i, j = _lorenz_slope(x + h * d, y + h * e, z + h * f)
    k, m, n = _lorenz_slope(x + step * g, y + step * i, z + step * j)
    sixth = step / 6
    return (
        x + sixth * (a + 2 * (d + g) + k),
        y + sixth * (b + 2 * (e + i) + m),
        z + sixth * (c + 2 * (f + j) + n),
    )


def _lorenz_slope(x: float, y: float, z: float) -> Point:
    return 10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z


def _damped(value: float, start: float, middle: float, end: float, step: float = 0.1) -> float:
    """A step of dx/dt = pull − 0.1 x, with the pull at its beginning, middle and end; linear in all four numbers."""
    one = start - 0.1 * value
    two = middle - 0.1 * (value + step / 2 * one)
    three = middle - 0.1 * (value + step / 2 * two)
    four = end - 0.1 * (value + step * three)
    return value + step / 6 * (one + 2 * two + 2 * three + four)
