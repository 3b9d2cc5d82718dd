# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 · Forecasting a time series
#
# A series of numbers goes in, and what comes next comes out: in sunspots, in ppm, not in "scaled units". You write
# every station of that way yourself: scale, windows, split, network, and back, and the two numbers that say how far off
# it is. At the end you know how many ways there are to fool yourself on it, and how each of them looks.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# - A **series** is `(T,)`, or `(T, D)` with D quantities at each step. The oldest comes first.
# - A **scaler** is a dict of `offset` and `factor`, each `(D,)`, or a number for a series `(T,)`. What is scaled is
#   `(x - offset) / factor`. It is a part of the model: **fitted on the training part, and never again**.
# - A **window** is what the network reads, a **horizon** how many steps it predicts.
#
# Four traps, for when you read elsewhere:
#
# - **pandas divides by N - 1**, scikit-learn's `StandardScaler` by N. `x.std()` means two things.
# - **statsmodels' `pacf` has many methods**, and its default is not the one that textbooks define. Yours is `"ywm"`.
# - **`train_test_split` shuffles** unless told otherwise. For a series that is a leak, as you will see.
# - **A loss is in scaled units.** A "mean absolute error of 0.03" says nothing before it is in the unit of the data,
#   and little before it stands beside that of a forecast which costs nothing.

# %% given=true
import numpy as np

from grader.selfcheck import check

# %% [markdown]
# ## Recap: the way of the data
#
# $$\text{series} \rightarrow \text{split} \rightarrow \text{scale} \rightarrow \text{windows} \rightarrow
# \text{network} \rightarrow \text{unscale} \rightarrow \text{error}$$
#
# A recurrent network is a good reader of windows: it takes the values one by one, and its last state is a summary of
# how things came to be as they are. A linear layer makes the next values of it (many-to-one, in the words of 01).
#
# But first comes the question how long a window has to be. Long before there were networks, Yule (1927) looked at the
# sunspots and asked how the number of this year depends on those of the years before. His answer, that a value is a
# weighted sum of the last few and a shock,
#
# $$x_t = \varphi_1 x_{t-1} + \dots + \varphi_k x_{t-k} + \varepsilon_t,$$
#
# still tells how far back to look.

# %% [markdown]
# ## 1 · Scaling
#
# A network whose inputs are around 350 saturates at once. So the data are brought near 0, with a spread near 1.
# **Standardisation** takes the mean away and divides by the standard deviation,
#
# $$z = \frac{x - \mu}{\sigma}, \qquad \sigma^2 = \frac{1}{N} \sum_t (x_t - \mu)^2.$$


# %% solution="fit_scaler"
def fit_scaler(x):
    """What standardises x: the mean and the standard deviation of every column.

    Parameters
    ----------
    x : ndarray of shape (N, D), or (N,)
        The training part.

    Returns
    -------
    scaler : dict of offset, factor, each of shape (D,); numbers for x (N,)
        offset: the mean. factor: the standard deviation, of the squares' mean over all N (not N - 1). A column whose
        largest number equals its smallest has a factor of exactly 1.

    Examples
    --------
    On paper: 1 and 5 have the mean 3 and are 2 away from it. The second column never changes.

    >>> scaler = fit_scaler(np.array([[1.0, 7.0], [5.0, 7.0]]))
    >>> scaler["offset"], scaler["factor"]
    (array([3., 7.]), array([2., 1.]))
    """
    ### BEGIN SOLUTION
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(constant, 1.0, x.std(axis=0))}
    ### END SOLUTION


# %% [markdown]
# The other usual way, and that of the lecture, brings the training part to the range from 0 to 1. One outlier is enough
# to squeeze everything else into a corner; on the other hand the numbers are easy to read.


# %% solution="fit_minmax"
def fit_minmax(x):
    """What brings every column of x to the range from 0 to 1.

    Parameters
    ----------
    x : ndarray of shape (N, D), or (N,)
        The training part.

    Returns
    -------
    scaler : dict of offset, factor, each of shape (D,); numbers for x (N,)
        A column whose largest number equals its smallest has a factor of exactly 1.

    Examples
    --------
    >>> scaler = fit_minmax(np.array([[1.0, 7.0], [5.0, 7.0]]))
    >>> scaler["offset"], scaler["factor"]
    (array([1., 7.]), array([4., 1.]))
    """
    ### BEGIN SOLUTION
    low, high = x.min(axis=0), x.max(axis=0)
    return {"offset": low, "factor": np.where(low == high, 1.0, high - low)}
    ### END SOLUTION


# %% [markdown]
# Both kinds of scaler are used in the same way, and undone in the same way.


# %% solution="scale"
def scale(x, scaler):
    """(x - offset) / factor.

    Parameters
    ----------
    x : ndarray of shape (..., D); of any shape if the scaler holds numbers
    scaler : dict of offset, factor, each of shape (D,), or numbers

    Returns
    -------
    z : ndarray, like x

    Examples
    --------
    >>> scaler = {"offset": np.array([3.0, 7.0]), "factor": np.array([2.0, 1.0])}
    >>> scale(np.array([[1.0, 7.0], [6.0, 8.0]]), scaler)
    array([[-1. ,  0. ],
           [ 1.5,  1. ]])
    """
    ### BEGIN SOLUTION
    return (x - scaler["offset"]) / scaler["factor"]
    ### END SOLUTION


# %% solution="unscale"
def unscale(z, scaler):
    """The inverse of scale, with the same scaler.

    Parameters
    ----------
    z : ndarray of shape (..., D); of any shape if the scaler holds numbers
    scaler : dict of offset, factor, each of shape (D,), or numbers

    Returns
    -------
    x : ndarray, like z

    Examples
    --------
    >>> scaler = {"offset": np.array([3.0, 7.0]), "factor": np.array([2.0, 1.0])}
    >>> unscale(np.array([[-1.0, 0.0], [1.5, 1.0]]), scaler)
    array([[1., 7.],
           [6., 8.]])
    """
    ### BEGIN SOLUTION
    return z * scaler["factor"] + scaler["offset"]
    ### END SOLUTION


# %% [markdown]
# ## 2 · Windows
#
# A network wants pairs of an input and a target. A series has only itself: so every stretch of it is an input, and what
# came right after it is the target. Take 0, 1, …, 9 with a window of 4 and a horizon of 3, and write the first and the
# last pair down before you code.


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    """Every window of a series, and the `horizon` values right after it.

    Parameters
    ----------
    series : ndarray of shape (T, D), or (T,), which counts as (T, 1)
    window, horizon : int, 1 or more

    Returns
    -------
    x : ndarray of shape (N, window, D)
        Window i starts at step i: they overlap.
    y : ndarray of shape (N, horizon, D)
        N is the number of windows that have all of their `horizon` values: 0 if the series is too short for one.

    Examples
    --------
    >>> x, y = create_sequences(np.array([10.0, 11.0, 12.0, 13.0, 14.0]), 2, 2)
    >>> x[:, :, 0]
    array([[10., 11.],
           [11., 12.]])
    >>> y[:, :, 0]
    array([[12., 13.],
           [13., 14.]])
    """
    ### BEGIN SOLUTION
    if series.ndim == 1:
        series = series[:, np.newaxis]
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + np.arange(horizon)]
    ### END SOLUTION


# %% [markdown]
# ## 3 · The split
#
# The model will be asked about the future, with the past as all it knows. So it is tested on the last part of the
# series, chosen by the part before that, and trained on the rest.


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    """The indices 0, ..., n-1 in order, cut into three parts.

    Parameters
    ----------
    n : int
    train, validation : float
        The shares of the first and of the second part. Both counts are rounded down; the test part is all the rest.

    Returns
    -------
    train, validation, test : ndarray of int

    Examples
    --------
    On paper: half of 7 is 3.5, and a quarter 1.75. Rounded down, that is 3 and 1.

    >>> chronological_split(7, 0.5, 0.25)
    (array([0, 1, 2]), array([3]), array([4, 5, 6]))
    """
    ### BEGIN SOLUTION
    first = int(n * train)
    second = first + int(n * validation)
    indices = np.arange(n)
    return indices[:first], indices[first:second], indices[second:]
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does a shuffled split promise?
#
# The series here are **random walks**: each step is the last one plus a random number. Nobody can forecast them better
# than by *it stays where it is*, whose error at each horizon is known. Now comes somebody with a model that has learned
# the training windows by heart: it looks for the most similar one and answers with what came after that. (A large
# network that overfits does much the same.) Its windows are split twice, by your `chronological_split` and after a
# shuffle. Which curve will lie below the dotted one, which cannot be beaten?

# %% experiment=true
import matplotlib.pyplot as plt


def by_heart(x, y, questions):
    """What came after the most similar window."""
    distances = ((questions[:, np.newaxis] - x) ** 2).sum(axis=2)
    return y[distances.argmin(axis=1)]


window, horizon = 12, 12
errors = {"chronological": [], "shuffled": []}
for seed in range(20):
    rng = np.random.default_rng(seed)
    walk = rng.standard_normal(600).cumsum()
    x, y = (part[:, :, 0] for part in create_sequences(walk, window, horizon))
    order = {"chronological": np.arange(len(x)), "shuffled": rng.permutation(len(x))}
    for name, rows in order.items():
        train, _, test = chronological_split(len(x), 0.7, 0.0)
        said = by_heart(x[rows[train]], y[rows[train]], x[rows[test]])
        errors[name].append(np.abs(said - y[rows[test]]).mean(axis=0))

steps = np.arange(1, horizon + 1)
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for (name, curves), color in zip(errors.items(), ("tab:blue", "tab:red"), strict=True):
    ax.plot(steps, np.mean(curves, axis=0), marker=".", color=color, label=f"{name} split")
ax.plot(steps, np.sqrt(2 * steps / np.pi), color="black", linestyle=":", label="it stays where it is: the optimum")
ax.set(title="How well does a model forecast what cannot be forecast?", ylim=0)
ax.set(xlabel="horizon (steps)", ylabel="mean absolute error, 20 random walks")
ax.legend()
plt.show()

# %% [markdown]
# After a shuffle the model seems to know the future of a random walk: from four steps on it beats what cannot be
# beaten. And it does know the future. For nearly every test window there is a training window that starts a step or two
# earlier or later, and whose *target* holds most of the answer. Split by time, as it will be used, the same model is
# far worse than doing nothing: the walk has gone to where it has never been, and the model has nothing to say about
# that.

# %% [markdown]
# ## 4 · How far back?
#
# The **autocorrelation** says how much a series resembles itself $k$ steps earlier,
#
# $$r_k = \frac{\sum_{t \ge k} (x_t - \bar x)(x_{t-k} - \bar x)}{\sum_t (x_t - \bar x)^2}.$$
#
# Two things are easily done otherwise. One mean serves both factors, and it is that of the whole series. And the sum
# above has $k$ terms fewer than the one below, which is left as it is (the **biased** estimate; Box & Jenkins 1976).


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    """r_0, ..., r_lags, the biased estimate.

    Parameters
    ----------
    x : ndarray of shape (n,)
    lags : int, less than n

    Returns
    -------
    r : ndarray of shape (lags + 1,)
        r[0] is 1. For a series that never changes (its largest number equals its smallest): 1, 0, 0, ...

    Raises
    ------
    ValueError
        lags is n or more.

    Examples
    --------
    On paper: the mean is 3, the deviations are -2, 0, 2, 0, and their squares sum to 8. One step apart the products are
    0; two steps apart -4 and 0.

    >>> autocorrelation(np.array([1.0, 3.0, 5.0, 3.0]), 2)
    array([ 1. ,  0. , -0.5])
    """
    ### BEGIN SOLUTION
    n = len(x)
    if lags >= n:
        raise ValueError(f"{lags} lags of {n} values")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    d = x - x.mean()
    return np.array([d[k:] @ d[: n - k] for k in range(lags + 1)]) / (d @ d)
    ### END SOLUTION


# %% [markdown]
# If each value depends on the last one, it also resembles the one before that, and the one before that: autocorrelation
# echoes. The **partial** autocorrelation $\varphi_{kk}$ asks what the value $k$ steps back adds to what the $k - 1$
# values in between have said. It is the *last* of the $k$ coefficients in Yule's equation above, if that has $k$ terms;
# and those follow from the $r$ (Yule 1927, Walker 1931),
#
# $$\begin{pmatrix} r_0 & r_1 & \cdots & r_{k-1} \\ r_1 & r_0 & \cdots & r_{k-2} \\ \vdots & & \ddots & \vdots \\
# r_{k-1} & r_{k-2} & \cdots & r_0 \end{pmatrix}
# \begin{pmatrix} \varphi_{k1} \\ \varphi_{k2} \\ \vdots \\ \varphi_{kk} \end{pmatrix}
# = \begin{pmatrix} r_1 \\ r_2 \\ \vdots \\ r_k \end{pmatrix}.$$
#
# You may solve a system for every $k$. Or find each one's solution from the one before (Durbin 1960): with
# $v = 1 - \sum_{j<k} \varphi_{k-1,j}\, r_j$,
#
# $$\varphi_{kk} = \frac{1}{v} \left(r_k - \sum_{j<k} \varphi_{k-1,j}\, r_{k-j}\right), \qquad
# \varphi_{kj} = \varphi_{k-1,j} - \varphi_{kk}\, \varphi_{k-1,k-j}.$$


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    """phi_00, phi_11, ..., phi_kk for k up to lags, by the Yule-Walker equations on the biased r.

    Parameters
    ----------
    x : ndarray of shape (n,)
    lags : int, less than n / 2

    Returns
    -------
    phi : ndarray of shape (lags + 1,)
        phi[0] is 1. For a series that never changes: 1, 0, 0, ...

    Raises
    ------
    ValueError
        lags is n / 2 or more.

    Examples
    --------
    On paper: the mean is 4, the deviations are -2, 2, -1, 1, 0, and r_1 = -7/10, r_2 = 4/10. So phi_11 = -0.7, and
    phi_22 = (r_2 - r_1²) / (1 - r_1²) = (0.4 - 0.49) / 0.51.

    >>> partial_autocorrelation(np.array([2.0, 6.0, 3.0, 5.0, 4.0]), 2).round(3)
    array([ 1.   , -0.7  , -0.176])
    """
    ### BEGIN SOLUTION
    if 2 * lags >= len(x):
        raise ValueError(f"{lags} lags of {len(x)} values")
    r = autocorrelation(x, lags)
    partial, phi = [1.0], np.zeros(0)
    for k in range(1, lags + 1):
        last = (r[k] - phi @ r[k - 1 : 0 : -1]) / (1 - phi @ r[1:k])
        phi = np.append(phi - last * phi[::-1], last)
        partial.append(last)
    return np.array(partial)
    ### END SOLUTION


# %% [markdown]
# Of pure noise the partial autocorrelations are no zeros, either: with $n$ values they scatter with a standard
# deviation of about $1/\sqrt n$ (Quenouille 1949), so that 19 in 20 lie within $\pm 1.96/\sqrt n$. What is outside
# stands out.


# %% solution="choose_window"
def choose_window(x, max_lag):
    """The last lag of 1, ..., max_lag whose partial autocorrelation stands out.

    Parameters
    ----------
    x : ndarray of shape (n,)
        The training part.
    max_lag : int

    Returns
    -------
    window : int
        The largest k with |phi_kk| > 1.96 / √n, whatever the lags before it do; 1 if there is none.

    Examples
    --------
    Up and down, 40 values. On paper: r_1 = -39/40 stands out, since 1.96 / √40 = 0.31. What comes two steps later is
    known then: phi_22 is -0.01.

    >>> choose_window(np.tile([1.0, -1.0], 20), 5)
    1
    """
    ### BEGIN SOLUTION
    partial = partial_autocorrelation(x, max_lag)
    window = 1
    for k in range(1, max_lag + 1):
        if abs(partial[k]) > 1.96 / np.sqrt(len(x)):
            window = k
    return window
    ### END SOLUTION


# %% [markdown]
# ### Experiment: how long does the sun remember?
#
# Yule's own series, as long as it was known in 2008, and next to it the carbon dioxide in the air over Mauna Loa, month
# by month: a rising level with a season on it. Of CO2 we look at the *changes* from month to month, since a series that
# only rises resembles itself at any lag. What do you expect to see at a lag of 11 years, and of 12 months?

# %% experiment=true
from grader.datasets.series import co2, sunspots

sun, air = sunspots(), co2()
lags = 40
fig, axes = plt.subplots(3, 2, figsize=(11, 7.5), layout="constrained")
data = [
    (sun, sun.values, "Sunspots a year", "years"),
    (air, np.diff(air.values), "CO2, change a month (ppm)", "months"),
]
for (plain, echoes, new), (series, x, what, unit) in zip(axes.T, data, strict=True):
    train, _, _ = chronological_split(len(x), 0.7, 0.15)
    x = x[train]
    plain.plot(series.times[: len(x)], x, linewidth=0.8)
    plain.set(title=f"{what}: the training part", xlabel="year")
    bound, window = 1.96 / np.sqrt(len(x)), choose_window(x, lags)
    for ax, values in ((echoes, autocorrelation(x, lags)), (new, partial_autocorrelation(x, lags))):
        ax.vlines(np.arange(lags + 1), 0, values, linewidth=2)
        ax.axhspan(-bound, bound, color="lightgrey", zorder=0)
        ax.axhline(0, color="black", linewidth=0.6)
        ax.set(ylim=(-1.05, 1.05), xlabel=f"lag ({unit})")
    echoes.set(title="At which distance does it resemble itself?", ylabel="autocorrelation")
    new.set(title="And what is new?", ylabel="partial autocorrelation")
    new.axvline(window, color="tab:red", linestyle="--", linewidth=1)
    new.text(window + 0.5, 0.8, f"choose_window: {window}", color="tab:red")
plt.show()

# %% [markdown]
# The autocorrelation of both is a wave that comes round with the season and hardly dies away: by itself it would ask
# for a window without end. The partial one knows better. Nearly all about the sun is said after two years, and a little
# more up to lag 9; the echo at 11 years, so clear above, is known by then. The months need one full season.
#
# And what of the red lines? They stand at lags that are beyond the grey by a hair. Of noise, too, one lag in twenty is:
# with 40 lags that makes two. A rule of thumb is a start. The search at the end of this notebook has the last word.

# %% [markdown]
# ## 5 · Many steps with a model of one
#
# A model that says one step can say many: let it read its own answer as if it had been seen. The window keeps its
# length, so with each answer that enters, the oldest value leaves.


# %% solution="forecast"
def forecast(model_step, history, steps):
    """`steps` answers of a model that says one.

    Parameters
    ----------
    model_step : function
        From (B, W, D) to (B, D), the step after each window.
    history : ndarray of shape (B, W, D)
        What was seen, the latest last.
    steps : int
        May be 0.

    Returns
    -------
    predictions : ndarray of shape (B, steps, D)

    Examples
    --------
    A model that adds the last two. It reads 1 2, then 2 3, then 3 5.

    >>> forecast(lambda window: window.sum(axis=1), np.array([[[1.0], [2.0]]]), 3)[0, :, 0]
    array([3., 5., 8.])
    """
    ### BEGIN SOLUTION
    B, _, D = history.shape
    window, predictions = history, np.zeros((B, steps, D))
    for t in range(steps):
        predictions[:, t] = model_step(window)
        window = np.concatenate([window[:, 1:], predictions[:, t : t + 1]], axis=1)
    return predictions
    ### END SOLUTION


# %% [markdown]
# ## 6 · How far off?
#
# Two usual answers: the **mean absolute error**, and the **root of the mean squared error**, which large errors count
# for more in. Both belong in the unit of the data. And both should refuse to compare what does not belong together:
# numpy stretches (4, 1) over (4, 3) without a word, and gives a number that looks like an error.


# %% solution="mae"
def mae(actual, predicted, scaler):
    """The mean of |actual - predicted| over all elements, in the data's units.

    Parameters
    ----------
    actual, predicted : ndarray of shape (..., D); of any shape if the scaler holds numbers
        Both in *scaled* units.
    scaler : dict of offset, factor

    Returns
    -------
    error : float

    Raises
    ------
    ValueError
        actual and predicted differ in shape.

    Examples
    --------
    On paper: unscaled it is 3 and 7 against 5 and 7, so that the errors are 2 and 0.

    >>> scaler = {"offset": np.array(3.0), "factor": np.array(2.0)}
    >>> float(mae(np.array([0.0, 2.0]), np.array([1.0, 2.0]), scaler))
    1.0
    """
    ### BEGIN SOLUTION
    if actual.shape != predicted.shape:
        raise ValueError(f"actual has shape {actual.shape}, predicted {predicted.shape}")
    return np.mean(np.abs(unscale(actual, scaler) - unscale(predicted, scaler)))
    ### END SOLUTION


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    """The root of the mean of (actual - predicted)² over all elements, in the data's units.

    Parameters
    ----------
    actual, predicted : ndarray of shape (..., D); of any shape if the scaler holds numbers
        Both in *scaled* units.
    scaler : dict of offset, factor

    Returns
    -------
    error : float

    Raises
    ------
    ValueError
        actual and predicted differ in shape.

    Examples
    --------
    On paper: the errors are 2 and 0 as above, and the root of (4 + 0) / 2 is 1.414.

    >>> scaler = {"offset": np.array(3.0), "factor": np.array(2.0)}
    >>> float(rmse(np.array([0.0, 2.0]), np.array([1.0, 2.0]), scaler).round(3))
    1.414
    """
    ### BEGIN SOLUTION
    if actual.shape != predicted.shape:
        raise ValueError(f"actual has shape {actual.shape}, predicted {predicted.shape}")
    return np.sqrt(np.mean((unscale(actual, scaler) - unscale(predicted, scaler)) ** 2))
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does a scaler know?
#
# Random walks again, 200 of them, which nobody can forecast better than by *it stays where it is*. Somebody scales a
# walk, by your `fit_scaler`, and then forecasts **0** for every step of the last third, in scaled units: *it goes back
# to the mean*. As a forecast of a random walk that is nonsense. Once the scaler is fitted on the first two thirds, and
# once, as is often seen, on the whole series before anything else is done.

# %% experiment=true
T, first = 600, 400
walks = np.random.default_rng(3).standard_normal((200, T)).cumsum(axis=1)
names = ["it stays where it is", "0, scaler of the\ntraining part", "0, scaler of\nthe whole series"]
curves = np.zeros((3, T - first))
for walk in walks:
    past, future = walk[:first], walk[first:]
    said = past[-1:], unscale(np.zeros(1), fit_scaler(past)), unscale(np.zeros(1), fit_scaler(walk))
    for curve, value in zip(curves, said, strict=True):
        curve += np.abs(value - future) / len(walks)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=[1.5, 1], layout="constrained")
colors = ["black", "tab:blue", "tab:red"]
for curve, color in zip(curves, colors, strict=True):
    left.plot(np.arange(1, T - first + 1), curve, color=color, linestyle=":" if color == "black" else "-")
bars = right.bar(range(3), curves.mean(axis=1), color=["grey", *colors[1:]])
right.bar_label(bars, fmt="%.1f")
right.set_xticks(range(3), names, fontsize=9)
left.set(title="Which forecast is best, far ahead?", xlabel="horizon (steps)", ylabel="mean absolute error", ylim=0)
right.set(title="And over all horizons?", ylabel="mean absolute error", xlabel="forecast", ylim=(0, 14))
plt.show()

# %% [markdown]
# The red forecast says the same nonsense as the blue one, with three quarters of its error, and from some 125 steps on
# it beats what cannot be beaten. Its offset is the mean of the *whole* series: to a third, of the future. In a real
# pipeline the network does the rest of the work; it need only learn that things in scaled units tend to go back to 0,
# and part of what the test then shows is no skill. A scaler has seen what it was fitted on. **Split first, then fit.**

# %% [markdown]
# ## 7 · All of it, with a network
#
# Now put the stations together, with a recurrent network of PyTorch's in the middle (`nn.RNN`, `nn.GRU` or `nn.LSTM`,
# and an `nn.Linear`). What comes out is a function `predict`, which takes windows in the data's units and returns the
# steps after them in the data's units: whoever calls it need not know that there is a scaler.
#
# Two designs lead there. The network can say all steps at once, from its last state; or one step, which your `forecast`
# asks again and again. A few notes on what else has to be decided:
#
# - **Loss**: the mean squared or absolute error, in scaled units, since there the gradients have a sensible size.
# - **When to stop**: measure the error on the windows of the *validation* part after every epoch, keep the best weights
#   (`copy.deepcopy(network.state_dict())`), and put them back at the end.
# - **Seed**: `torch.manual_seed(seed)` before the network is made. Two trainings with one seed give the same model.
#
# Your function is graded by what it learns. It is trained on series with a season and some noise, drawn for the
# occasion, and asked about windows of a later part. **Persistence**, which repeats the last value of a window, has to
# be beaten, and *by far*: the error must be less than 0.35 of its. (The noise alone is a tenth of it, and twenty
# seconds of training are more than enough: there are four trainings in all, with a minute for them.) Each window must
# be answered on its own, as if no other had been asked about.
#
# `import torch` goes *inside* the function: the other questions are graded where there is no PyTorch.


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    """A recurrent network that has learned what follows a window.

    Parameters
    ----------
    train, validation : ndarray of shape (T,)
        In the data's units. Scale by the training part.
    window, steps : int
        How many values are read, and how many that follow are predicted.
    seed : int
        The same one, the same model.

    Returns
    -------
    predict : function
        From history, ndarray of shape (B, window), to ndarray of shape (B, steps), both in the data's units.

    Examples
    --------
    After a wave that repeats itself the next two values are no secret.

    >>> wave = 100 + 10 * np.sin(2 * np.pi * np.arange(120) / 6)
    >>> predict = train_forecaster(wave[:80], wave[80:], 6, 2, seed=0)
    >>> bool(np.abs(predict(wave[np.newaxis, 60:66]) - wave[66:68]).max() < 2)
    True
    """
    ### BEGIN SOLUTION
    import copy

    import torch
    from torch import nn

    torch.manual_seed(seed)
    scaler = fit_scaler(train)

    def windows(series):
        pairs = create_sequences(scale(series, scaler), window, steps)
        return [torch.tensor(part, dtype=torch.float32) for part in pairs]

    (x, y), (x_validation, y_validation) = windows(train), windows(validation)
    cell, head = nn.RNN(1, 24, batch_first=True), nn.Linear(24, steps)
    network = nn.ModuleList([cell, head])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)

    def answers(x):
        return head(cell(x)[0][:, -1])

    best, best_loss = None, np.inf
    for _ in range(50):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.mse_loss(answers(x[rows]), y[rows, :, 0]).backward()
            optimizer.step()
        with torch.no_grad():
            loss = nn.functional.mse_loss(answers(x_validation), y_validation[:, :, 0]).item()
        if loss < best_loss:
            best, best_loss = copy.deepcopy(network.state_dict()), loss
    network.load_state_dict(best)

    def predict(history):
        z = torch.tensor(scale(history, scaler)[:, :, np.newaxis], dtype=torch.float32)
        with torch.no_grad():
            return unscale(answers(z).numpy().astype(float), scaler)

    return predict
    ### END SOLUTION


# %% [markdown]
# ### Experiment: sunspots and CO2, and two forecasts that cost nothing
#
# The whole way, on measured data: split, training, forecasts in the data's units. Beside your network stand two
# forecasts that need no training. **Persistence** says that it stays as it is. The **seasonal naive** one says that it
# will be as it was a season ago, 11 years for the sun and 12 months for CO2. For CO2 there is a second network as well:
# it is trained on the *changes* from month to month, and its forecasts are added up from the last value on. Before you
# run the cell: which of the two networks will know what to do in 1995, when there is more CO2 than it has ever seen?

# %% experiment=true
COLORS = {
    "network": "tab:blue",
    "network, on changes": "tab:green",
    "persistence": "tab:grey",
    "seasonal naive": "tab:orange",
}


def parts(values):
    """The training, validation and test part."""
    return [values[rows] for rows in chronological_split(len(values), 0.6, 0.2)]


def naive(x, season, steps):
    """Persistence, and what was a season ago, again and again."""
    return {
        "persistence": np.repeat(x[:, -1:], steps, axis=1),
        "seasonal naive": np.stack([x[:, -season + k % season] for k in range(steps)], axis=1),
    }


fig, axes = plt.subplots(2, 2, figsize=(12, 7), width_ratios=[1.9, 1], layout="constrained")
for (line, bars), series, window, steps in zip(axes, (sun, air), (22, 24), (6, 12), strict=True):
    train, validation, test = parts(series.values)
    x, y = (part[:, :, 0] for part in create_sequences(test, window, steps))
    said = {"network": train_forecaster(train, validation, window, steps, seed=0)(x)} | naive(x, series.season, steps)
    if series is air:
        changes = train_forecaster(np.diff(train), np.diff(validation), window - 1, steps, seed=0)
        said["network, on changes"] = x[:, -1:] + changes(np.diff(x, axis=1)).cumsum(axis=1)
    times = series.times[-len(test) :]
    line.plot(times, test, color="black", linewidth=1, label="what came")
    for start in range(0, len(x), steps):
        at = times[start + window : start + window + steps]
        for name, answers in said.items():
            line.plot(at, answers[start], color=COLORS[name], linewidth=1.5, label=None if start else name)
    low, high = line.get_ylim()
    line.set(ylim=(low, high + 0.35 * (high - low)), xlabel="year", ylabel=series.unit)
    line.set(title=f"What does it know of the next {steps} steps? The test part of {series.name}")
    line.legend(fontsize=9, ncols=3, loc="upper center")
    names = [name for name in COLORS if name in said]
    errors = [np.abs(said[name] - y).mean() for name in names]
    bars.bar_label(bars.bar(range(len(names)), errors, color=[COLORS[name] for name in names]), fmt="%.3g")
    bars.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names], fontsize=9)
    bars.set(title="How far off?", ylabel=f"mean absolute error ({series.unit})", ylim=(0, 1.12 * max(errors)))
    bars.set_xlabel("forecast")
plt.show()

# %% [markdown]
# On the sunspots persistence is hopeless six years ahead, and the network has less than half of its error. But look at
# the orange bar. *As it was eleven years ago* needs no training and is as good, or a little better. Without that bar
# you would have been proud of the blue one.
#
# On CO2 the plain network is six times worse than doing nothing. It has learned the season, as the blue waves show, but
# at a level that it knows: scaled by the training part, 360 ppm are some four standard deviations, where its tanh is
# flat and no window was ever seen. No scaler mends that. Asked for the *changes* instead, which have been much the same
# all the time, the same function has a third of the error of the seasonal naive forecast, whose own is the rise of one
# year. What you ask a network matters more than which network you ask.

# %% [markdown]
# ### Experiment: how far ahead?
#
# One number hides that the first step is easy and the last is not. Here is the error of each step, up to a whole season
# ahead, on the sunspots, for both designs: a network that says all steps at once, and a network of one step that your
# `forecast` asks again and again. Each is trained by two seeds.

# %% experiment=true
steps, window, seeds = 11, 22, (0, 1)
train, validation, test = parts(sun.values)
x, y = (part[:, :, 0] for part in create_sequences(test, window, steps))


def step_by_step(predict):
    """The answers of a model of one step to all of its steps, by forecast."""
    return forecast(lambda windows: predict(windows[:, :, 0]), x[:, :, np.newaxis], steps)[:, :, 0]


at_once = [train_forecaster(train, validation, window, steps, seed)(x) for seed in seeds]
again = [step_by_step(train_forecaster(train, validation, window, 1, seed)) for seed in seeds]
fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, runs, color in (("network, all at once", at_once, "tab:blue"), ("network, step by step", again, "tab:green")):
    curves = np.array([np.abs(said - y).mean(axis=0) for said in runs])
    ax.plot(np.arange(1, steps + 1), curves.mean(axis=0), color=color, marker=".", label=name)
    ax.fill_between(
        np.arange(1, steps + 1), curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.2, linewidth=0
    )
for name, said in naive(x, sun.season, steps).items():
    ax.plot(np.arange(1, steps + 1), np.abs(said - y).mean(axis=0), color=COLORS[name], marker=".", label=name)
ax.set(title="How fast does the sun get away?", xlabel="horizon (years)", ylim=0, xticks=range(1, steps + 1))
ax.set_ylabel("mean absolute error (sunspots a year)")
ax.legend()
plt.show()

# %% [markdown]
# A year or two ahead the networks know more than both: how fast it rises or falls now. Three years ahead that advantage
# is used up, and what remains is the mean shape of a cycle, which the seasonal naive forecast has for free, and with
# the height of the last one. Persistence is worst half a cycle ahead, where it is exactly wrong, and gets better again
# as the cycle closes: a warning for everybody who compares with it at one horizon alone. The model of one step is the
# better one for that one step, and a little worse in the middle, where it reads its own errors.

# %% [markdown]
# ### Experiment: the window, by search
#
# `choose_window` looks at straight lines alone: what a weighted sum can make of the past. A network may find more. So
# ask it: train it with windows of several lengths, and compare the errors on the *validation* part, six years ahead.
# (Not on the test part: what has been used to choose is no test any more.) Thirty trainings take half a minute; watch
# the bar.

# %% experiment=true
from IPython.display import ProgressBar

lengths, seeds, steps = (1, 2, 4, 6, 9, 12, 16, 22, 28, 34), (0, 1, 2), 6
asked = np.concatenate([train, validation])  # the first validation windows begin in the training part
errors = np.zeros((len(lengths), len(seeds)))
bar = ProgressBar(errors.size)
bar.display()
for row, window in enumerate(lengths):
    x, y = (part[:, :, 0] for part in create_sequences(asked[len(train) - window :], window, steps))
    for column, seed in enumerate(seeds):
        predict = train_forecaster(train, asked[len(train) - window :], window, steps, seed)
        errors[row, column] = np.abs(predict(x) - y).mean()
        bar.progress += 1

by_partial = choose_window(train, 40)
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.plot(lengths, errors, ".", color="tab:blue", alpha=0.5)
ax.plot(lengths, errors.mean(axis=1), color="tab:blue", label="mean of three seeds")
ax.axvline(by_partial, color="tab:red", linestyle="--", label=f"choose_window: {by_partial}")
ax.set(title="Which window does the network like best?", xlabel="window (years)", ylim=0)
ax.set_ylabel("validation error, six years ahead\n(sunspots a year)")
ax.legend()
plt.show()

# %% [markdown]
# With one year the network cannot know whether it rises or falls; two tell, and six tell all that it makes use of. From
# there on the curve is flat: a longer window does no harm, and no good. `choose_window` asked for more, because of one
# lag beyond the grey by a hair; had it stopped at lag 9, it would have been right. So the two agree on what matters,
# and the cheap one took a thousandth of the time. (The errors here are smaller than on the test part: the sun was
# quieter in the years of the validation part. It does not hold to what we have seen, either.)

# %% [markdown]
# ## 8 · In your own words
#
# A colleague forecasts how many bicycles are rented in her city each hour. She scales the three years of data by their
# minimum and maximum, cuts them into windows of 24 hours with the next hour as the target, shuffles the windows, takes
# 80 % of them for training, and reports: *mean absolute error 0.021 on the test set*.
#
# **(a)** (2 points) Two things in her procedure make the test look better than the model is. Which, and in which order
# of steps would neither happen?
#
# **(b)** (2 points) The smallest hour in three years had 0 rentals, the largest 977. How many bicycles is her error?
# Name two forecasts without any model that she should put beside it, with a reason for each.
#
# **(c)** (1 point) She wants the whole next day. She asks her model 24 times, and each time puts the *observed* last
# hour into the window. Why is the error that she measures too small, and what belongs into the window?

# %% [markdown] written="bicycles" points=5
# **Model answer.** (a) The scaler was fitted on all data, so that the extremes of the test part are known in training.
# And windows were shuffled before the split: a test window shares 23 of its 24 hours with training windows an hour
# earlier or later, whose targets and inputs hold its answer. Split by time first; fit the scaler on the training part;
# then cut each part into windows.
#
# (b) $0.021 \cdot 977 \approx 21$ bicycles an hour. Persistence, the last hour's number, since the next hour is near
# it; and a seasonal naive forecast, the number of the same hour yesterday, or better a week ago, since nights and
# mornings, and working days, come round. Only the difference to the better of them is the model's own.
#
# (c) At the time of the forecast the hours in between have not happened. With the observed ones every forecast is one
# hour ahead, not up to 24. Its own answers belong into the window, as in `forecast`; then errors add up, as they will
# in use.
#
# **Marks.** (a) 1 for both leaks, 1 for an order without them. (b) 1 for 20 or 21 bicycles, 1 for two sensible
# baselines with reasons. (c) 1 for "they are not known then", or "it is still one step ahead", and its own answers.

# %% [markdown]
# ## Sources
#
# - Box & Jenkins (1976), *Time series analysis: forecasting and control*, Holden-Day: the estimates of correlations.
# - Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder*, EMNLP: the cell called GRU.
# - Durbin (1960), *The fitting of time-series models*, Review of the International Statistical Institute 28(3).
# - Hyndman & Athanasopoulos (2021), *Forecasting: principles and practice*, third edition, OTexts: naive forecasts, and
#   why one compares with them.
# - Quenouille (1949), *Approximate tests of correlation in time-series*, Journal of the Royal Statistical Society B
#   11(1).
# - Walker (1931), *On periodicity in series of related terms*, Proceedings of the Royal Society A 131.
# - Yule (1927), *On a method of investigating periodicities in disturbed series, with special reference to Wolfer's
#   sunspot numbers*, Philosophical Transactions of the Royal Society A 226.
# - Data: yearly sunspot numbers of the Solar Influences Data Analysis Center, Brussels; CO2 at Mauna Loa by Keeling &
#   Whorf, Scripps Institution of Oceanography. Both come with statsmodels (Seabold & Perktold 2010).
