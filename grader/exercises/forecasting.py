"""11-forecasting, time series: what each function is asked, what it is worth, and how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from reference import forecasting

assignment = Assignment("11-forecasting")


def _constant(draw, N):
    """A number whose mean over N copies is another one: by a rounding error, which makes a deviation of its own."""
    while True:
        c = float(draw.normal())
        if abs(c) > 0.1 and np.full(N, c).std() > 0:
            return c


def _table(draw, N, D, kind):
    """(N, D) with columns of unlike sizes; "constant": the last one does not move; "series": one column as (N,)."""
    x = 20 * draw.normal(D) + draw.normal(N, D) * np.exp(1 + draw.normal(D))
    if kind == "constant":
        x[:, -1] = _constant(draw, N)
    return x[:, 0].copy() if kind == "series" else x


@assignment.exercise(
    forecasting.fit_scaler,
    outputs="scaler: D",
    points=2,
    hints=[
        "One offset and one factor for each column. Which axis has to go?",
        "The mean, and the root of the mean square of what is left. Divided by N, or by N - 1?",
        "What would the factor of a column be that never changes? And what would dividing by it do?",
    ],
    extra=[dict(kind="series"), dict(kind="constant"), dict(kind="constant", N=11, D=2)],
)
def fit_scaler(draw, N=7, D=3, kind=""):
    return dict(x=_table(draw, N, D, kind))


@fit_scaler.misconception(
    "Your factors are a little too large. What do you divide the sum of squares by?",
    "ddof=1 (pandas' habit, too) estimates a population from a sample. Here ddof is 0, as in StandardScaler.",
)
def sample_deviation(x):
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(constant, 1.0, x.std(axis=0, ddof=1))}


@fit_scaler.misconception(
    "All your columns have the same offset. Have all columns of x the same mean?",
    "Temperatures and pressures do not share a scale: take the mean and the deviation down each column.",
)
def one_scale_for_all_columns(x):
    D = x.shape[1:]
    return {"offset": np.full(D, x.mean()), "factor": np.full(D, x.std() if x.max() > x.min() else 1.0)}


@fit_scaler.misconception(
    "How many offsets do you return, and how many columns has x?",
    "You go along the rows. Each row is one moment; a column is one quantity, and that is what has a scale.",
)
def along_the_rows(x):
    if x.ndim == 1:
        return {"offset": x.mean(), "factor": x.std() if x.max() > x.min() else 1.0}
    constant = x.max(axis=1) == x.min(axis=1)
    return {"offset": x.mean(axis=1), "factor": np.where(constant, 1.0, x.std(axis=1))}


@fit_scaler.misconception(
    "Scale a column with your answer: what is its standard deviation then?",
    "A variance has the unit of the square. What has the unit of the data?",
)
def variance_for_deviation(x):
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(constant, 1.0, x.var(axis=0))}


@fit_scaler.misconception(
    "Right but for a column that never changes. What is its factor in your answer?",
    "Whoever scales will divide by it. A tiny number instead would blow up what comes later: it has to be 1.",
)
def constant_column_left_at_zero(x):
    factor = np.where(x.max(axis=0) == x.min(axis=0), 0.0, x.std(axis=0))
    return {"offset": x.mean(axis=0), "factor": factor}


@fit_scaler.misconception(
    "Right but for a column that never changes. Print np.full(7, x[0, -1]).std(): is it 0?",
    "The mean of equal numbers may be off in its last digit, so that a test for 0 fails. When is a column constant?",
)
def deviation_tested_for_zero(x):
    factor = x.std(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(factor == 0, 1.0, factor)}


@fit_scaler.misconception(
    "Scale a column with your answer: what is its standard deviation then?",
    "You return what to multiply with. `factor` is what is divided by.",
)
def inverse_for_factor(x):
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": 1 / np.where(constant, 1.0, x.std(axis=0))}


@fit_scaler.misconception(
    "Scale a column with your answer: what is its mean then?",
    "Offset is the minimum in the *other* kind of scaling. Standardised data have mean 0.",
)
def minimum_for_mean(x):
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.min(axis=0), "factor": np.where(constant, 1.0, x.std(axis=0))}


@fit_scaler.misconception(
    "Scale a column with your answer: what is its standard deviation then?",
    "The range is the factor of the *other* kind of scaling, which one outlier can double. Here it is the deviation.",
)
def range_for_deviation(x):
    width = x.max(axis=0) - x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(width == 0, 1.0, width)}


@assignment.exercise(
    forecasting.fit_minmax,
    outputs="scaler: D",
    points=1,
    hints=[
        "(x - offset) / factor should be 0 for the smallest number of a column and 1 for the largest. Solve for both.",
        "A column that never changes has neither: which factor does no harm?",
    ],
    extra=[dict(kind="series"), dict(kind="constant"), dict(kind="constant", N=11, D=2)],
)
def fit_minmax(draw, N=7, D=3, kind=""):
    return dict(x=_table(draw, N, D, kind))


@fit_minmax.misconception(
    "Where does the largest number of a column land with your factor?",
    "The offset is taken away first: what is left of the maximum then?",
)
def maximum_for_range(x):
    low, high = x.min(axis=0), x.max(axis=0)
    return {"offset": low, "factor": np.where(low == high, 1.0, high)}


@fit_minmax.misconception(
    "Where does the smallest number of a column land with your answer?",
    "At 0, not at -1: the range asked for is from 0 to 1.",
)
def from_minus_one(x):
    low, high = x.min(axis=0), x.max(axis=0)
    return {"offset": (low + high) / 2, "factor": np.where(low == high, 1.0, (high - low) / 2)}


@fit_minmax.misconception(
    "All your columns have the same offset. Have all columns of x the same minimum?",
    "Each column has a scale of its own: take minimum and maximum down the columns.",
)
def one_range_for_all_columns(x):
    D, width = x.shape[1:], x.max() - x.min()
    return {"offset": np.full(D, x.min()), "factor": np.full(D, width or 1.0)}


@fit_minmax.misconception(
    "How many offsets do you return, and how many columns has x?",
    "You go along the rows. Each row is one moment; a column is one quantity, and that is what has a range.",
)
def range_of_each_row(x):
    low, high = (x.min(axis=-1), x.max(axis=-1))
    return {"offset": low, "factor": np.where(low == high, 1.0, high - low)}


@fit_minmax.misconception(
    "Right but for a column that never changes. What is its factor in your answer?",
    "Whoever scales will divide by it. A tiny number instead would blow up what comes later: it has to be 1.",
)
def empty_range_left_at_zero(x):
    return {"offset": x.min(axis=0), "factor": x.max(axis=0) - x.min(axis=0)}


@fit_minmax.misconception(
    "Where does the smallest number of a column land with your answer?",
    "The mean is the offset of the other kind of scaling.",
)
def mean_for_minimum(x):
    low, high = x.min(axis=0), x.max(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(low == high, 1.0, high - low)}


@fit_minmax.misconception(
    "Where do the smallest and the largest number of a column land with your answer?",
    "This is fit_scaler over again. Here the range counts, not the spread.",
)
def standardised_again(x):
    constant = x.max(axis=0) == x.min(axis=0)
    return {"offset": x.mean(axis=0), "factor": np.where(constant, 1.0, x.std(axis=0))}


def _scaled(draw, name, B, T, D, kind):
    """Numbers, and a scaler that was fitted on others; "series": it is 0-d, "table": two axes are enough."""
    shape = {"series": (B, T), "table": (B, D)}.get(kind, (B, T, D))
    columns = () if kind == "series" else (D,)
    scaler = dict(offset=3 + draw.normal(*columns), factor=np.exp(0.3 + 0.7 * draw.normal(*columns)))
    return {name: 2 * draw.normal(*shape), "scaler": {key: np.asarray(value) for key, value in scaler.items()}}


@assignment.exercise(
    forecasting.scale,
    outputs="z: B T D",
    points=1,
    hints=[
        "One line, and the equation stands in the docstring. numpy stretches (D,) along all axes before the last.",
        "Which numbers may your answer depend on, besides x? Everything is in the scaler.",
    ],
    extra=[dict(kind="series"), dict(kind="table")],
)
def scale(draw, B=4, T=5, D=3, kind=""):
    return _scaled(draw, "x", B, T, D, kind)


@scale.misconception(
    "Put a single row through your function. What comes out, and should it?",
    "You fit a scale on what you are given. The scaler was fitted already, on the training part: use that one.",
)
def fitted_anew(x, scaler):
    axes = tuple(range(x.ndim - 1)) if scaler["offset"].ndim else None
    spread = x.std(axis=axes)
    return (x - x.mean(axis=axes)) / np.where(spread == 0, 1, spread)


@scale.misconception(
    "Take a number that equals the offset. What should it become, and what does it become?",
    "Brackets: the offset is in the data's units, and goes before anything is divided.",
)
def divided_first(x, scaler):
    return x / scaler["factor"] - scaler["offset"]


@scale.misconception(
    "This is how one gets back to the data's units.",
    "Scaling takes the offset away and divides; unscaling undoes both.",
)
def unscaled_instead(x, scaler):
    return x * scaler["factor"] + scaler["offset"]


@scale.misconception(
    "Take a column whose factor is 2. Do its numbers lie closer together after scaling, or further apart?",
    "The factor is what is divided by.",
)
def multiplied(x, scaler):
    return (x - scaler["offset"]) * scaler["factor"]


@scale.misconception(
    "Take a number that equals the offset. What should it become, and what does it become?",
    "You only divide. Where has the offset gone?",
)
def offset_left_in(x, scaler):
    return x / scaler["factor"]


@scale.misconception(
    "How far apart are two numbers after your scaling, and how far were they before?",
    "You only take the offset away. What is the factor for?",
)
def factor_ignored(x, scaler):
    return x - scaler["offset"]


@scale.misconception(
    "Your answer is right, and the caller's x is no longer what it was.",
    "x -= ... writes into the caller's array. x = x - ... makes a new one.",
)
def scaled_in_place(x, scaler):
    x -= scaler["offset"]
    x /= scaler["factor"]
    return x


@scale.misconception(
    "Are there numbers in your answer that turn up again and again?",
    "What was not seen in training may lie outside of the range, and should: a clipped record is no record.",
)
def clipped_to_the_range(x, scaler):
    return np.clip((x - scaler["offset"]) / scaler["factor"], 0, 1)


@scale.misconception(
    "Your first column is right. And the others?",
    "Each column has an entry of its own in offset and in factor.",
    "Did you index scaler['offset'][0], or float() it?",
)
def first_columns_scale(x, scaler):
    return (x - scaler["offset"].flat[0]) / scaler["factor"].flat[-1]


@assignment.exercise(
    forecasting.unscale,
    outputs="x: B T D",
    points=1,
    hints=[
        "Solve z = (x - offset) / factor for x.",
        "unscale(scale(x, scaler), scaler) should be x, for any x and any scaler.",
    ],
    extra=[dict(kind="series"), dict(kind="table")],
)
def unscale(draw, B=4, T=5, D=3, kind=""):
    return _scaled(draw, "z", B, T, D, kind)


@unscale.misconception(
    "Put a single row through your function. What comes out, and should it?",
    "Forecasts have a mean and a spread of their own; those of the data are in the scaler that you are given.",
)
def fitted_on_the_forecasts(z, scaler):
    axes = tuple(range(z.ndim - 1)) if scaler["offset"].ndim else None
    return z * z.std(axis=axes) + z.mean(axis=axes)


@unscale.misconception(
    "What should a scaled 0 become? And what does it become?",
    "The last thing that was done is undone first: multiply, then add.",
)
def added_first(z, scaler):
    return (z + scaler["offset"]) * scaler["factor"]


@unscale.misconception(
    "You scale once more what is scaled already.",
    "The inverse of taking away is adding; the inverse of dividing is multiplying.",
)
def scaled_again(z, scaler):
    return (z - scaler["offset"]) / scaler["factor"]


@unscale.misconception(
    "What should a scaled 0 become? And what does it become?",
    "You give the spread back, and not the level.",
)
def level_not_given_back(z, scaler):
    return z * scaler["factor"]


@unscale.misconception(
    "How far apart are two numbers after your unscaling, and how far should they be?",
    "You give the level back, and not the spread.",
)
def spread_not_given_back(z, scaler):
    return z + scaler["offset"]


@unscale.misconception(
    "Take a column whose factor is 2. Do its numbers lie further apart after unscaling, or closer together?",
    "What was divided by has to be multiplied with.",
)
def divided_once_more(z, scaler):
    return z / scaler["factor"] + scaler["offset"]


@unscale.misconception(
    "What should a scaled 0 become? And what does it become?",
    "The sign of the offset: what was taken away is added.",
)
def offset_taken_away_again(z, scaler):
    return z * scaler["factor"] - scaler["offset"]


@unscale.misconception(
    "Your answer is right, and the caller's z is no longer what it was.",
    "z *= ... writes into the caller's array. z = z * ... makes a new one.",
)
def unscaled_in_place(z, scaler):
    z *= scaler["factor"]
    z += scaler["offset"]
    return z


@assignment.exercise(
    forecasting.create_sequences,
    outputs="x: B T D; y: B T D",
    points=3,
    hints=[
        "Take the series 0, 1, ..., 9, a window of 4 and a horizon of 3. Write down the first pair, and the last.",
        "How many pairs are there? The last y has to end where the series ends.",
        "(T,) has no axis for the features: which shape should it have before you cut?",
    ],
    extra=[dict(T=7), dict(T=6), dict(flat=True), dict(flat=True, T=4), dict(horizon=1), dict(window=1)],
)
def create_sequences(draw, T=12, D=2, window=4, horizon=3, flat=False):
    return dict(series=draw.normal(T) if flat else draw.normal(T, D), window=window, horizon=horizon)


@create_sequences.misconception(
    "Count the pairs: the series ends with a y that you do not have.",
    "A range stops before its end. If the last pair starts at T - window - horizon, how many pairs are there?",
)
def last_pair_lost(series, window, horizon):
    series = series.reshape(len(series), -1)
    N = max(0, len(series) - window - horizon)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + np.arange(horizon)]


@create_sequences.misconception(
    "What is the first number of y, and what is the last one of its x?",
    "They are the same: your network can be right at the first step without predicting anything.",
)
def target_is_the_last_input(series, window, horizon):
    series = series.reshape(len(series), -1)
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window - 1 + np.arange(horizon)]


@create_sequences.misconception(
    "Which step comes right after a window? Is it in your y?",
    "series[i : i + window] ends before i + window: that is where y starts, and not one later.",
)
def one_step_skipped(series, window, horizon):
    series = series.reshape(len(series), -1)
    N = max(0, len(series) - window - horizon)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + 1 + np.arange(horizon)]


@create_sequences.misconception(
    "By how much does your second window differ from the first?",
    "Windows may overlap: each starts one step after the one before.",
)
def windows_side_by_side(series, window, horizon):
    series = series.reshape(len(series), -1)
    starts = np.arange(0, max(0, len(series) - window - horizon + 1), window)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + np.arange(horizon)]


@create_sequences.misconception(
    "How many steps has each of your y? The horizon says how many to predict.",
    "You keep the step that is `horizon` away, and drop those on the way there.",
)
def last_step_of_the_horizon_alone(series, window, horizon):
    series = series.reshape(len(series), -1)
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + horizon - 1 + np.arange(1)]


@create_sequences.misconception(
    "Your last ys are shorter than the others. What do they lack?",
    "A window needs `horizon` values after it. For the last ones the series has ended before.",
)
def incomplete_targets_kept(series, window, horizon):
    series = series.reshape(len(series), -1)
    starts = range(max(0, len(series) - window))
    x = [series[i : i + window] for i in starts]
    return x, [series[i + window : i + window + horizon] for i in starts]


@create_sequences.misconception(
    "Right for tables. How many axes has your x if the series is (T,)?",
    "A network reads (B, T, D), with D = 1 too.",
)
def no_axis_for_one_feature(series, window, horizon):
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + np.arange(horizon)]


@create_sequences.misconception(
    "Try a series that is too short for a single pair: what shape have your answers?",
    "An array made of an empty list has shape (0,). No windows of 4 steps with 2 features are (0, 4, 2).",
)
def no_pairs_no_axes(series, window, horizon):
    series = series.reshape(len(series), -1)
    starts = range(len(series) - window - horizon + 1)
    x = np.array([series[i : i + window] for i in starts])
    return x, np.array([series[i + window : i + window + horizon] for i in starts])


@create_sequences.misconception(
    "Print x[0] beside the series: in which order do its steps stand?",
    "The oldest comes first, as in the series. A network reads forwards.",
)
def newest_first(series, window, horizon):
    series = series.reshape(len(series), -1)
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)[::-1]], series[starts + window + np.arange(horizon)]


@create_sequences.misconception(
    "How many pairs do you return, and how many fit into the series?",
    "Your last pairs go on at the beginning of the series, which did not come after its end.",
)
def around_the_end(series, window, horizon):
    series = series.reshape(len(series), -1)
    starts = np.arange(len(series))[:, np.newaxis]
    take = np.arange(window + horizon)
    both = series[(starts + take) % len(series)]
    return both[:, :window], both[:, window:]


def _fraction_within(draw, n, shares, low, high):
    """n, and two shares of it whose counts have a fractional part from low to high."""
    while True:
        total = int(draw.integers(n, 2 * n))
        train, validation = (round(float(draw.rng.uniform(*share)), 3) for share in shares)
        if all(low < (total * share) % 1 < high for share in (train, validation)):
            return dict(n=total, train=train, validation=validation)


@assignment.exercise(
    forecasting.chronological_split,
    outputs="train; validation; test",
    points=2,
    hints=[
        "All you need is np.arange(n) and two places to cut it.",
        "⌊ ⌋ rounds down. Which function of Python does, for numbers that are not negative?",
        "Print the three lengths for n = 10 and shares of 0.5 and 0.25. Do they add up to 10?",
    ],
    extra=[
        dict(kind="low"), dict(kind="low", n=50), dict(kind="no test"), dict(kind="no validation"), dict(kind="few"),
    ],
)  # fmt: skip
def chronological_split(draw, n=20, kind=""):
    if kind == "no test":
        return dict(n=n, train=0.75, validation=0.25)
    if kind == "few":
        return dict(n=1, train=0.5, validation=0.25)
    if kind == "no validation":
        return dict(n=n, train=0.6, validation=0.0)
    low, high = (0.1, 0.4) if kind == "low" else (0.55, 0.9)
    return _fraction_within(draw, n, [(0.5, 0.7), (0.12, 0.25)], low, high)


@chronological_split.misconception(
    "Are your indices in the order of time?",
    "Shuffled, a window of the test part has neighbours in the training part that hold nearly the same numbers.",
    "A series is split by time: first the past, to learn from, then the future.",
)
def shuffled_before_the_split(n, train, validation):
    order = np.random.default_rng(0).permutation(n)
    first, second = int(n * train), int(n * train) + int(n * validation)
    return np.sort(order[:first]), np.sort(order[first:second]), np.sort(order[second:])


@chronological_split.misconception(
    "Your parts are in order, but their lengths are off. Is 12.6 rounded to 12 or to 13?",
    "round goes to the nearest integer; what is asked for goes down.",
)
def rounded(n, train, validation):
    first = round(n * train)
    return np.split(np.arange(n), [first, first + round(n * validation)])


@chronological_split.misconception(
    "Your parts are in order, but the first is too long. Is 12.3 rounded to 12 or to 13?",
    "You round up; what is asked for goes down.",
)
def rounded_up(n, train, validation):
    first = int(np.ceil(n * train))
    return np.split(np.arange(n), [first, first + int(np.ceil(n * validation))])


@chronological_split.misconception(
    "Your training part is right. How long should the validation part be, and how long is yours?",
    "Each count is rounded down by itself: you round the sum of both.",
)
def sum_rounded(n, train, validation):
    return np.split(np.arange(n), [int(n * train), int(n * (train + validation))])


@chronological_split.misconception(
    "Your training part is right. What is the second share a share of?",
    "Of all n, not of what the training part has left.",
)
def share_of_the_rest(n, train, validation):
    first = int(n * train)
    return np.split(np.arange(n), [first, first + int((n - first) * validation)])


@chronological_split.misconception(
    "Which part should be the most recent one?",
    "You choose by the future and test on what came before it. The order is train, validation, test.",
)
def test_before_validation(n, train, validation):
    first, last = int(n * train), n - int(n * validation)
    return np.arange(first), np.arange(last, n), np.arange(first, last)


@chronological_split.misconception(
    "Do the lengths of your parts add up to n?",
    "What rounding down leaves over belongs to the test part: it simply goes on to the end.",
)
def leftovers_dropped(n, train, validation):
    first, second = int(n * train), int(n * train) + int(n * validation)
    last = second + int(n * (1 - train - validation) + 1e-9)
    return np.arange(first), np.arange(first, second), np.arange(second, last)


@chronological_split.misconception(
    "Is there an index that is in two of your parts?",
    "A slice ends before its second number, so that the next one starts with that number, and not one earlier.",
)
def one_index_twice(n, train, validation):
    first, second = int(n * train), int(n * train) + int(n * validation)
    return np.arange(first), np.arange(max(first - 1, 0), second), np.arange(max(second - 1, 0), n)


@chronological_split.misconception(
    "Is there an index that is in none of your parts?",
    "A slice ends before its second number: the next one starts with exactly that number.",
)
def one_index_lost(n, train, validation):
    first, second = int(n * train), int(n * train) + int(n * validation)
    return np.arange(first), np.arange(first + 1, second), np.arange(second + 1, n)


@chronological_split.misconception(
    "Your model would learn from the future and be tested on the past.",
    "The training part is the oldest one.",
)
def latest_first(n, train, validation):
    last, middle = n - int(n * train), n - int(n * train) - int(n * validation)
    return np.arange(last, n), np.arange(middle, last), np.arange(middle)


@chronological_split.misconception(
    "Where do your validation and test parts start?",
    "Each starts where the one before it ended: indices of all n rows, not counted from 0 in every part.",
)
def counted_from_zero_in_every_part(n, train, validation):
    first, second = int(n * train), int(n * validation)
    return np.arange(first), np.arange(second), np.arange(n - first - second)


def _wave(draw, n, level=10.0):
    """A series around some level in which each value remembers the last two, and a few are far off."""
    x = draw.normal(n + 20)
    for t in range(2, n + 20):
        x[t] += 0.9 * x[t - 1] - 0.5 * x[t - 2]
    return level * (1 + draw.rng.random()) + x[20:]


def _series_and_lags(draw, n, lags, kind):
    x = np.full(n, _constant(draw, n)) if kind == "constant" else _wave(draw, n)
    return dict(x=x, lags=lags)


@assignment.exercise(
    forecasting.autocorrelation,
    outputs="r: lag",
    points=3,
    drive="forecasting.autocorrelation",
    hints=[
        "Take the mean of x away once. Then write r_1 for four numbers on paper.",
        "Lag k multiplies each value with the one k steps earlier: two slices of the same length. And for k = 0?",
        "The sum below is the same for all lags. What is it for a series that never changes?",
    ],
    extra=[dict(lags=0), dict(lags=17), dict(lags=18), dict(lags=30), dict(kind="constant"), dict(lags=1, n=25)],
)
def autocorrelation(draw, n=18, lags=6, kind=""):
    return _series_and_lags(draw, n, lags, kind)


@autocorrelation.misconception(
    "Your r_k is a little too large, and the more so the larger k is.",
    "You make up for the terms that are missing at lag k, by n / (n - k). The biased estimate does not.",
)
def unbiased(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    d, n = x - x.mean(), len(x)
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    return np.array([d[k:] @ d[: n - k] / (n - k) for k in range(lags + 1)]) / (d @ d / n)


@autocorrelation.misconception(
    "Which mean do you take away? And the spread below, whose is it?",
    "np.corrcoef gives each slice a mean and a spread of its own. Here those of the whole series count.",
)
def pearson_of_the_slices(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    with np.errstate(all="ignore"):
        slices = [(x[k:], x[: len(x) - k]) for k in range(1, lags + 1)]
        deviations = [(a - a.mean(), b - b.mean()) for a, b in slices]
        return np.array([1.0] + [a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in deviations])


@autocorrelation.misconception(
    "All your numbers are near 1. Add 1000 to x: should the answer change?",
    "It is about how x moves around its mean. Take the mean away first.",
)
def mean_left_in(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    return np.array([x[k:] @ x[: len(x) - k] for k in range(lags + 1)]) / (x @ x)


@autocorrelation.misconception(
    "What is r_0 in your answer? How much does a series resemble itself?",
    "These are covariances: in squared units of the data. What are they divided by?",
)
def covariances(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    d = x - x.mean() if x.max() > x.min() else 0 * x
    return np.array([d[k:] @ d[: len(x) - k] for k in range(lags + 1)]) / len(x)


@autocorrelation.misconception(
    "What is r_0 in your answer? How much does a series resemble itself?",
    "Above you divide by n, below by n - 1 (np.var with ddof=1). Then they do not cancel.",
)
def sample_variance_below(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    d = x - x.mean()
    return np.array([np.sum(d[k:] * d[: len(x) - k]) / len(x) for k in range(lags + 1)]) / np.var(x, ddof=1)


@autocorrelation.misconception(
    "How many numbers do you return? Lags 0 to 6 are seven.",
    "range(lags) ends one too early.",
)
def last_lag_missing(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags)[0]
    d = x - x.mean()
    return np.array([d[k:] @ d[: len(x) - k] for k in range(lags)]) / (d @ d)


@autocorrelation.misconception(
    "How many numbers do you return, and which lag does the first one belong to?",
    "r_0 = 1 is part of the answer: r[k] should be lag k.",
)
def lag_0_missing(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    d = x - x.mean()
    if x.max() == x.min():
        return np.zeros(lags)
    return np.array([d[k:] @ d[: len(x) - k] for k in range(1, lags + 1)]) / (d @ d)


@autocorrelation.misconception(
    "What comes before the first value of x? In your sums something does.",
    "np.roll brings the end of the series round to its beginning. There are only n - k pairs at lag k.",
)
def around_the_circle(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    d = x - x.mean()
    return np.array([d @ np.roll(d, k) for k in range(lags + 1)]) / (d @ d)


@autocorrelation.misconception(
    "Print your answer for lag 0.",
    "x[:-k] is empty for k = 0, since -0 is 0. How else can you say where the slice ends?",
)
def nothing_at_lag_0(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.zeros(lags + 1)
    d = x - x.mean()
    return np.array([0.0] + [d[k:] @ d[:-k] for k in range(1, lags + 1)]) / (d @ d)


@autocorrelation.misconception(
    "Right but for a series that never changes. What do you divide by there?",
    "0 / 0 is NaN, and rounding may make it worse. Look whether the maximum is the minimum, and answer 1, 0, 0, ...",
)
def constant_series_divided_by_zero(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    d = x - x.mean() if x.max() > x.min() else 0 * x
    with np.errstate(all="ignore"):
        return np.array([d[k:] @ d[: len(x) - k] for k in range(lags + 1)]) / (d @ d)


@autocorrelation.misconception(
    "Right but for a series that never changes. Print x - x.mean() for it: is that all 0?",
    "The mean of equal numbers may be off in its last digit. When is a series constant?",
)
def spread_tested_for_zero(x, lags):
    if lags >= len(x):
        raise ValueError("too many lags")
    d = x - x.mean()
    if d @ d == 0:
        return np.eye(1, lags + 1)[0]
    return np.array([d[k:] @ d[: len(x) - k] for k in range(lags + 1)]) / (d @ d)


@autocorrelation.misconception(
    "Try more lags than there are values.",
    "A correlation over nothing is no 0: it is a question that should not have been asked. Say so, by a ValueError.",
)
def lags_beyond_the_series(x, lags):
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    d = x - x.mean()
    return np.array([d[k:] @ d[: max(len(x) - k, 0)] for k in range(lags + 1)]) / (d @ d)


@assignment.exercise(
    forecasting.partial_autocorrelation,
    outputs="phi: lag",
    points=4,
    drive="forecasting.partial_autocorrelation",
    uses=[autocorrelation],
    hints=[
        "For every k there is a system of k equations, and of its solution you keep one number. Which?",
        "Try it on paper for lags=2. phi_11 is r_1; phi_22 is (r_2 - r_1²) / (1 - r_1²).",
        "Two ways lead there: solve a system for each k, or find each k's coefficients from those before (Durbin).",
    ],
    extra=[dict(lags=0), dict(lags=1), dict(lags=11), dict(lags=12), dict(lags=20), dict(kind="constant")],
)
def partial_autocorrelation(draw, n=24, lags=6, kind=""):
    return _series_and_lags(draw, n, lags, kind)


@partial_autocorrelation.misconception(
    "phi_11 is right. What do the values in between already say about the one two steps back?",
    "This is the autocorrelation. The partial one is what lag k adds once the k - 1 lags before it are known.",
)
def autocorrelation_again(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    return autocorrelation(x, lags)


@partial_autocorrelation.misconception(
    "Your numbers are near, but off from lag 1 on. Compare your r with autocorrelation's.",
    "You start from the unbiased r, as statsmodels does unless told. Here it is the biased one, pacf(method='ywm').",
)
def from_the_unbiased(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    r = autocorrelation(x, lags) * len(x) / (len(x) - np.arange(lags + 1))
    partial = [1.0]
    for k in range(1, lags + 1):
        R = r[np.abs(np.subtract.outer(np.arange(k), np.arange(k)))]
        partial.append(np.linalg.solve(R, r[1 : k + 1])[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Your numbers are near, but off from lag 1 on. Which equations do you solve?",
    "A regression on lagged values (least squares) gives each lag a mean of its own. Yule and Walker use the biased r.",
)
def by_regression(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    partial = [1.0]
    for k in range(1, lags + 1):
        past = np.column_stack([np.ones(len(x) - k)] + [x[k - j : len(x) - j] for j in range(1, k + 1)])
        partial.append(np.linalg.lstsq(past, x[k:], rcond=None)[0][-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "phi_11 is right. Of the k coefficients for lag k, which belongs to the value k steps back?",
    "You keep the first one, which belongs to the step just before.",
)
def first_coefficient(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    r, partial = autocorrelation(x, lags), [1.0]
    for k in range(1, lags + 1):
        R = r[np.abs(np.subtract.outer(np.arange(k), np.arange(k)))]
        partial.append(np.linalg.solve(R, r[1 : k + 1])[0])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Your last number is right. How many systems of equations do you solve?",
    "One for all lags gives phi_6,1 to phi_6,6. What is asked for is phi_1,1, phi_2,2, ...: a system for each lag.",
)
def one_system_for_all(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    r = autocorrelation(x, lags)
    R = r[np.abs(np.subtract.outer(np.arange(lags), np.arange(lags)))]
    return np.array([1.0, *np.linalg.solve(R, r[1:])])


@partial_autocorrelation.misconception(
    "Right numbers with the wrong sign. What is phi_11?",
    "Some books (and programs for signals) write the model with all terms on one side. Here phi_11 = r_1.",
)
def sign_of_the_polynomial(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    r, partial = autocorrelation(x, lags), [1.0]
    for k in range(1, lags + 1):
        R = r[np.abs(np.subtract.outer(np.arange(k), np.arange(k)))]
        partial.append(-np.linalg.solve(R, r[1 : k + 1])[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Right up to lag 2. Look at the step from the coefficients of k - 1 to those of k.",
    "phi_kj = phi_k-1,j - phi_kk phi_k-1,k-j: the old coefficients are taken once forwards and once backwards.",
)
def old_coefficients_forwards_twice(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    r, partial, phi = autocorrelation(x, lags), [1.0], np.zeros(0)
    for k in range(1, lags + 1):
        partial.append((r[k] - phi @ r[k - 1 : 0 : -1]) / (1 - phi @ r[1:k]))
        phi = np.append(phi - partial[-1] * phi, partial[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Right up to lag 1. For lag 2 it is (r_2 - r_1²) divided by something. By what?",
    "1 - r_1²: what the k - 1 lags before have left unexplained. Without it the numbers are too small.",
)
def nothing_below_the_line(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    r, partial, phi = autocorrelation(x, lags), [1.0], np.zeros(0)
    for k in range(1, lags + 1):
        partial.append(r[k] - phi @ r[k - 1 : 0 : -1])
        phi = np.append(phi - partial[-1] * phi[::-1], partial[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Right up to lag 2. How do the coefficients of lag 2 become those of lag 3?",
    "You append the new one and leave the others as they were. They change, too: they no longer have to do it alone.",
)
def old_coefficients_kept(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    r, partial, phi = autocorrelation(x, lags), [1.0], np.zeros(0)
    for k in range(1, lags + 1):
        partial.append((r[k] - phi @ r[k - 1 : 0 : -1]) / (1 - phi @ r[1:k]))
        phi = np.append(phi, partial[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "How many numbers do you return, and which lag does the first one belong to?",
    "phi_00 = 1 is part of the answer: phi[k] should be lag k.",
)
def partial_lag_0_missing(x, lags):
    if 2 * lags >= len(x):
        raise ValueError("too many lags")
    if x.max() == x.min():
        return np.zeros(lags)
    r, partial = autocorrelation(x, lags), []
    for k in range(1, lags + 1):
        R = r[np.abs(np.subtract.outer(np.arange(k), np.arange(k)))]
        partial.append(np.linalg.solve(R, r[1 : k + 1])[-1])
    return np.array(partial)


@partial_autocorrelation.misconception(
    "Try as many lags as half the series has values.",
    "From n / 2 on so few pairs are left that the numbers say nothing. Refuse, by a ValueError.",
)
def half_the_series_and_more(x, lags):
    if x.max() == x.min():
        return np.eye(1, lags + 1)[0]
    r, partial, phi = np.append(autocorrelation(x, min(lags, len(x) - 1)), np.zeros(lags)), [1.0], np.zeros(0)
    for k in range(1, lags + 1):
        partial.append((r[k] - phi @ r[k - 1 : 0 : -1]) / (1 - phi @ r[1:k]))
        phi = np.append(phi - partial[-1] * phi[::-1], partial[-1])
    return np.array(partial)


def _standing_out(values, n):
    """The lags from 1 on that are beyond the bound; None if one is too near to it to be told."""
    bound = 1.96 / np.sqrt(n)
    if (np.abs(np.abs(values[1:]) - bound) < 0.02 * bound).any():
        return None
    return (np.flatnonzero(np.abs(values[1:]) > bound) + 1).tolist()


# Lags and their partial autocorrelations, so that every wrong rule finds a lag of its own in one of them or another.
_MEMORIES = {
    "gaps": {1: 0.35, 2: 0.55, 3: 0.35, 6: 0.35, 8: -0.35, 11: -0.4},
    "late": {2: 0.4, 5: -0.4},
    "noise": {},
}


def _with_memory(draw, n, memory):
    """A series with these partial autocorrelations, and all others 0 (Durbin's recursion makes its weights)."""
    weights = np.zeros(0)
    for k in range(1, 12):
        last = memory.get(k, 0.0)
        weights = np.append(weights - last * weights[::-1], last)
    x = draw.normal(n + 200)
    for t in range(11, n + 200):
        x[t] += weights @ x[t - 11 : t][::-1]
    return 20 + 3 * x[200:]


def _tells_rules_apart(x, max_lag, memory):
    """Are the lags that stand out those that were meant, and is the partial autocorrelation alone right about them?"""
    partial = forecasting.partial_autocorrelation(x, 11)
    plain = _standing_out(forecasting.autocorrelation(x, max_lag), len(x))
    if _standing_out(partial, len(x)) != sorted(memory) or plain is None:
        return False
    lags = [k for k in memory if k <= max_lag]
    if not lags:
        return not plain
    strongest = 1 + int(np.argmax(np.abs(partial[1 : max_lag + 1])))
    return plain[-1:] != lags[-1:] and strongest == 2  # neither the last nor, where there are gaps, the first


@assignment.exercise(
    forecasting.choose_window,
    outputs="window",
    points=2,
    uses=[partial_autocorrelation],
    hints=[
        "Print the partial autocorrelations and the bound side by side. Which lags stand out?",
        "A negative one can stand out as well. And one that comes after some that do not.",
        "A window that reaches back to the last lag that says something holds the others, too.",
    ],
    extra=[dict(kind="late", max_lag=7), dict(kind="noise"), dict(kind="noise", n=120, max_lag=6)],
)
def choose_window(draw, n=400, max_lag=9, kind="gaps"):
    memory = _MEMORIES[kind]
    while True:
        x = _with_memory(draw, n, memory)
        if _tells_rules_apart(x, max_lag, memory):
            return dict(x=x, max_lag=max_lag)


@choose_window.misconception(
    "Is the strongest lag the last one that stands out?",
    "argmax finds the largest. Asked for is how far back anything still stands out.",
)
def strongest_lag(x, max_lag):
    partial = np.abs(partial_autocorrelation(x, max_lag))
    return int(1 + partial[1:].argmax()) if (partial[1:] > 1.96 / np.sqrt(len(x))).any() else 1


@choose_window.misconception(
    "Print all lags that stand out. Does one come after where you stop?",
    "Seasons make gaps: lags in between may say nothing new. Take the last that stands out, not the last before a gap.",
)
def up_to_the_first_gap(x, max_lag):
    outside = np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / np.sqrt(len(x))
    return max(1, int(np.argmin(np.append(outside, False))))


@choose_window.misconception(
    "Print all lags that stand out. Which one do you return?",
    "You return the first of them. The window has to reach back to the last.",
)
def first_that_stands_out(x, max_lag):
    outside = np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / np.sqrt(len(x))
    return int(1 + outside.argmax()) if outside.any() else 1


@choose_window.misconception(
    "Print all lags that stand out. Are there as many as the last one says?",
    "You count them. Asked for is the lag itself.",
)
def how_many_stand_out(x, max_lag):
    return max(1, int(np.sum(np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / np.sqrt(len(x)))))


@choose_window.misconception(
    "Can a negative partial autocorrelation stand out?",
    "-0.5 says as much as 0.5: compare its size with the bound.",
)
def negative_ones_overlooked(x, max_lag):
    lags = np.flatnonzero(partial_autocorrelation(x, max_lag)[1:] > 1.96 / np.sqrt(len(x))) + 1
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "Whose values do you compare with the bound?",
    "The autocorrelation of lag 2 may be but the echo of lag 1. Which function leaves the echoes out?",
)
def by_the_autocorrelation(x, max_lag):
    d = x - x.mean()
    r = np.array([d[k:] @ d[: len(x) - k] for k in range(1, max_lag + 1)]) / (d @ d)
    lags = np.flatnonzero(np.abs(r) > 1.96 / np.sqrt(len(x))) + 1
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "Print the first lag of your list, and its number.",
    "If you drop lag 0, entry 0 is lag 1. Your answer is one too small.",
)
def one_lag_too_few(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / np.sqrt(len(x)))
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "Print your bound. Does any partial autocorrelation reach it?",
    "1.96 is for a standard deviation of 1. That of the estimates is 1 / √n.",
)
def bound_without_the_root(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, max_lag)) > 1.96)
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "Print your bound. How many lags of pure noise would be beyond it?",
    "1.96 / √n: you divide by n itself, and nearly everything stands out.",
)
def bound_by_n(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / len(x)) + 1
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "Which lags may you choose from?",
    "max_lag is the farthest: what stands out beyond it does not count.",
)
def max_lag_ignored(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, 2 * max_lag)[1:]) > 1.96 / np.sqrt(len(x))) + 1
    return int(lags[-1]) if lags.size else 1


@choose_window.misconception(
    "What do you return for pure noise, of which no lag stands out?",
    "Lag 0 always stands out, and is no window. With none beyond the bound the answer is 1.",
)
def no_window_for_noise(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, max_lag)) > 1.96 / np.sqrt(len(x)))
    return int(lags[-1])


@choose_window.misconception(
    "What do you return for pure noise, of which no lag stands out?",
    "If nothing helps, more of it does not help either: the answer is 1.",
)
def longest_window_for_noise(x, max_lag):
    lags = np.flatnonzero(np.abs(partial_autocorrelation(x, max_lag)[1:]) > 1.96 / np.sqrt(len(x))) + 1
    return int(lags[-1]) if lags.size else max_lag


@assignment.exercise(
    forecasting.forecast,
    outputs="predictions: B T D",
    points=3,
    hints=[
        "The model says one step. Where does that go, if the model is to say the next?",
        "Write down for W = 3 and two steps what the model reads, each time.",
        "np.concatenate wants the answer with a time axis: (B, 1, D).",
    ],
    extra=[dict(steps=0), dict(steps=1), dict(steps=9)],
)
def forecast(draw, B=3, W=4, D=2, steps=5):
    mixing, bias = draw.weights(D, D), draw.normal(D)
    return dict(model_step=draw.given("next_step", mixing=mixing, bias=bias), history=draw.normal(B, W, D), steps=steps)


@forecast.misconception(
    "Your steps are all the same. What does the model read the second time?",
    "The same as the first time. Its own answer has to enter the window.",
)
def same_window_every_time(model_step, history, steps):
    return np.stack([model_step(history)] * steps, axis=1) if steps else history[:, :0]


@forecast.misconception(
    "The first step is right. How long is what the model reads at the last one?",
    "The window grows. The newest enters, and the oldest has to leave.",
)
def window_grows(model_step, history, steps):
    seen = history
    for _ in range(steps):
        seen = np.concatenate([seen, model_step(seen)[:, np.newaxis]], axis=1)
    return seen[:, history.shape[1] :]


@forecast.misconception(
    "The first step is right. Which step of the window do you throw away?",
    "The newest one, to put your answer in its place. It is the oldest that leaves.",
)
def newest_leaves(model_step, history, steps):
    window, answers = history.copy(), []
    for _ in range(steps):
        answers.append(model_step(window))
        window[:, -1] = answers[-1]
    return np.stack(answers, axis=1) if steps else history[:, :0]


@forecast.misconception(
    "The first step is right. Where in the window does your answer stand?",
    "You put it in front, where the oldest stands. The model reads the latest last.",
)
def answer_in_front(model_step, history, steps):
    window, answers = history, []
    for _ in range(steps):
        answers.append(model_step(window))
        window = np.concatenate([answers[-1][:, np.newaxis], window[:, :-1]], axis=1)
    return np.stack(answers, axis=1) if steps else history[:, :0]


@forecast.misconception(
    "The first step is right. Print the window after it: is it in the order of time?",
    "You overwrite the oldest where it stands, so that the latest comes first. Everything has to move up by one.",
)
def oldest_overwritten(model_step, history, steps):
    window, answers = history.copy(), []
    for _ in range(steps):
        answers.append(model_step(window))
        window[:, 0] = answers[-1]
    return np.stack(answers, axis=1) if steps else history[:, :0]


@forecast.misconception(
    "How many steps do you return, and how many were asked for?",
    "The history is known already. Return what comes after it.",
)
def history_returned_too(model_step, history, steps):
    W, seen = history.shape[1], history
    for _ in range(steps):
        seen = np.concatenate([seen, model_step(seen[:, -W:])[:, np.newaxis]], axis=1)
    return seen


@forecast.misconception(
    "Compare your first step with the last one of the history.",
    "Your answers begin with a step that was seen, and lack the last that was asked for.",
)
def one_step_behind(model_step, history, steps):
    W, seen = history.shape[1], history
    for _ in range(steps):
        seen = np.concatenate([seen, model_step(seen[:, -W:])[:, np.newaxis]], axis=1)
    return seen[:, W - 1 : W - 1 + steps]


@forecast.misconception(
    "How many steps do you return, and how many were asked for?",
    "You keep the last answer alone. Those on the way there are asked for, too.",
)
def last_answer_alone(model_step, history, steps):
    window, answer = history, history[:, :0]
    for _ in range(steps):
        answer = model_step(window)[:, np.newaxis]
        window = np.concatenate([window[:, 1:], answer], axis=1)
    return answer


@forecast.misconception(
    "Your numbers are right. Which axis is time, and which the batch?",
    "A stack along axis 0 is (steps, B, D). Batch-major is asked for.",
)
def time_first(model_step, history, steps):
    window, answers = history, []
    for _ in range(steps):
        answers.append(model_step(window))
        window = np.concatenate([window[:, 1:], answers[-1][:, np.newaxis]], axis=1)
    return np.array(answers).reshape(steps, len(history), history.shape[2])


@forecast.misconception(
    "Your answer is right, and the caller's history is no longer what it was.",
    "history[:, :-1] = ... writes into the caller's array. Work on a copy.",
)
def history_overwritten(model_step, history, steps):
    answers = np.zeros((len(history), steps, history.shape[2]))
    for t in range(steps):
        answers[:, t] = model_step(history)
        history[:, :-1] = history[:, 1:].copy()
        history[:, -1] = answers[:, t]
    return answers


@forecast.misconception(
    "The first step is right. The second time the model reads the history but its first step, and what else?",
    "A step of the history too many has left: after two answers you have dropped more than two.",
)
def two_leave_at_once(model_step, history, steps):
    window, answers = history, []
    for _ in range(steps):
        answers.append(model_step(window))
        window = np.concatenate([window[:, 2:], answers[-1][:, np.newaxis]], axis=1)
    return np.stack(answers, axis=1) if steps else history[:, :0]


def _errors(draw, B, T, D, kind):
    """Two arrays in scaled units; "series": one quantity, "broadcast", "row": shapes that numpy would stretch."""
    shape = (B, T) if kind == "series" else (B, T, D)
    columns = () if kind == "series" else (D,)
    actual = draw.normal(*shape)
    predicted = actual + 0.3 + 0.7 * draw.normal(*shape)
    if kind == "broadcast":
        predicted = predicted[:, :1]
    if kind == "row":
        actual, columns = actual[0], (D,)
    scaler = dict(offset=5 + draw.normal(*columns), factor=2 + np.exp(draw.normal(*columns)))
    return dict(actual=actual, predicted=predicted, scaler={key: np.asarray(value) for key, value in scaler.items()})


_SHAPES = [dict(kind="series"), dict(kind="broadcast"), dict(kind="row")]


@assignment.exercise(
    forecasting.mae,
    outputs="error",
    points=1,
    drive="forecasting.errors",
    uses=[unscale],
    hints=[
        "In which units are the arguments, and in which should the answer be?",
        "What does numpy do with (4, 3) minus (4, 1)? What should you do?",
    ],
    extra=_SHAPES,
)
def mae(draw, B=4, T=3, D=2, kind=""):
    return _errors(draw, B, T, D, kind)


@mae.misconception(
    "What does your number count: sunspots, or standard deviations of sunspots?",
    "Your error is in scaled units, which mean nothing to anybody else. Go back to the data's units first.",
)
def mae_in_scaled_units(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.abs(actual - predicted).mean()


@mae.misconception(
    "Can your error be 0 though nothing was predicted right?",
    "Too high and too low cancel. Take the size of each error first.",
)
def errors_cancel(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return abs(((actual - predicted) * scaler["factor"]).mean())


@mae.misconception(
    "Which unit has your number: that of the data, or its square?",
    "That is the mean *squared* error. Here the absolute one is asked for.",
)
def squares_for_sizes(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.mean(((actual - predicted) * scaler["factor"]) ** 2)


@mae.misconception(
    "What is your error of a perfect forecast?",
    "You unscale the difference, offset and all. Differences have no offset: unscale both sides and then take it.",
)
def difference_unscaled(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.mean(np.abs(actual - predicted) * scaler["factor"] + scaler["offset"])


@mae.misconception(
    "Twice the data, twice your error. Should it be?",
    "A mean is asked for, and this is a sum.",
)
def errors_summed(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.sum(np.abs(actual - predicted) * scaler["factor"])


@mae.misconception(
    "How many numbers do you return?",
    "One for each column. The mean over all elements is one number.",
)
def one_error_a_column(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return (np.abs(actual - predicted) * scaler["factor"]).reshape(-1, scaler["factor"].size).mean(axis=0)


@mae.misconception(
    "Compare the scaled errors of two columns with unlike factors. Which weigh more, in the data's units?",
    "You multiply the mean error with the mean factor. Each column's errors belong to its own.",
)
def mean_factor(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.abs(actual - predicted).mean() * np.max(scaler["factor"])


@mae.misconception(
    "Try an actual of shape (4, 3, 2) and a prediction of shape (4, 1, 2).",
    "numpy stretches the one to fit the other, and the number means nothing. Unequal shapes are a ValueError.",
)
def mae_of_stretched_shapes(actual, predicted, scaler):
    return np.mean(np.abs(actual - predicted) * scaler["factor"])


@assignment.exercise(
    forecasting.rmse,
    outputs="error",
    points=2,
    drive="forecasting.errors",
    uses=[unscale],
    hints=[
        "Its name says the order, read from the end: error, square, mean, root.",
        "One mean over all elements and one root, at the very end. And in which units?",
    ],
    extra=_SHAPES,
)
def rmse(draw, B=4, T=3, D=2, kind=""):
    return _errors(draw, B, T, D, kind)


@rmse.misconception(
    "What does your number count: sunspots, or standard deviations of sunspots?",
    "Your error is in scaled units. Go back to the data's units first.",
)
def rmse_in_scaled_units(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.sqrt(np.mean((actual - predicted) ** 2))


@rmse.misconception(
    "Which unit has your number: that of the data, or its square?",
    "The root is missing.",
)
def no_root(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.mean(((actual - predicted) * scaler["factor"]) ** 2)


@rmse.misconception(
    "Your rmse is your mae.",
    "The root of each square is the size of each error. The mean comes first, and then one root.",
)
def mean_of_roots(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.mean(np.sqrt(((actual - predicted) * scaler["factor"]) ** 2))


@rmse.misconception(
    "How many roots do you take?",
    "You take one for every row and average them. A root of the mean over all elements is larger.",
)
def a_root_for_every_row(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    squares = ((actual - predicted) * scaler["factor"]) ** 2
    return np.sqrt(squares.reshape(len(squares), -1).mean(axis=1)).mean()


@rmse.misconception(
    "How many roots do you take?",
    "You take one for every step and average them. A root of the mean over all elements is larger.",
)
def a_root_for_every_step(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    squares = ((actual - predicted) * scaler["factor"]) ** 2
    return np.sqrt(squares.mean(axis=(0, *range(2, squares.ndim)))).mean()


@rmse.misconception(
    "Four times as many data with the same errors: should the answer double?",
    "The mean is missing: this is the root of the sum.",
)
def root_of_the_sum(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.sqrt(np.sum(((actual - predicted) * scaler["factor"]) ** 2))


@rmse.misconception(
    "What is your error of a perfect forecast?",
    "You unscale the error, offset and all. Differences have no offset: unscale both sides first.",
)
def error_unscaled(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.mean(np.sqrt(np.mean((actual - predicted) ** 2)) * scaler["factor"] + scaler["offset"])


@rmse.misconception(
    "What is your error of a forecast that is always 1 too high?",
    "np.std takes the mean of the errors away, so that a forecast which is always off by the same looks perfect.",
)
def spread_of_the_errors(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("unequal shapes")
    return np.std((actual - predicted) * scaler["factor"])


@rmse.misconception(
    "Try an actual of shape (4, 3, 2) and a prediction of shape (4, 1, 2).",
    "numpy stretches the one to fit the other, and the number means nothing. Unequal shapes are a ValueError.",
)
def rmse_of_stretched_shapes(actual, predicted, scaler):
    return np.sqrt(np.mean(((actual - predicted) * scaler["factor"]) ** 2))


def _season_and_noise(draw, T):
    """A series with a season of some eight steps and its overtone, far from 0 and 1 in level and size."""
    period, t = draw.rng.uniform(7.2, 9.2), np.arange(T)
    phases = 2 * np.pi * draw.rng.random(2)
    wave = np.sin(2 * np.pi * t / period + phases[0]) + 0.25 * np.sin(4 * np.pi * t / period + phases[1])
    size = np.exp(draw.rng.uniform(2, 5))
    return size * (draw.rng.uniform(4, 12) + wave + 0.1 * draw.normal(T))


@assignment.exercise(
    forecasting.train_forecaster,
    outputs="beats_persistence; by_far; what_it_predicts; each_row_on_its_own; same_seed_same_model",
    points=6,
    drive="forecasting.train_forecaster",
    packages=("torch",),
    outcome=(True, True, "what comes next", True, True),
    seconds=60,
    uses=[fit_scaler, fit_minmax, scale, unscale, create_sequences, forecast],
    hints=[
        "Go through the stations aloud: scale, windows, network, loss, training, and for `predict` the whole way back.",
        "Plot some forecasts beside what came, in the data's units. What is off: the level, the size, the time?",
        "Print the loss after each epoch. Does it go down, and is it still going down when you stop?",
    ],
)
def train_forecaster(draw, window=16, steps=4):
    series = _season_and_noise(draw, 400)
    train, validation, test = np.split(series, [260, 330])
    rows = np.arange(0, len(test) - window - steps + 1)[:, np.newaxis]
    return dict(
        train=train, validation=validation, window=window, steps=steps, seed=int(draw.integers(0, 1000)),
        history=test[rows + np.arange(window)], targets=test[rows + window + np.arange(steps)],
    )  # fmt: skip


# What is wrong with these is around the model. So the model itself is the quickest there is: least squares.


@train_forecaster.misconception(
    "Compare the mean of your forecasts with the mean of the series.",
    "Your forecasts are standardised. Before `predict` returns them they have to go back into the data's units.",
)
def standardised_forecasts(train, validation, window, steps, seed):
    mean, spread = train.mean(), train.std()
    pairs = np.lib.stride_tricks.sliding_window_view((train - mean) / spread, window + steps)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window:], rcond=None)
    return lambda history: (history - mean) / spread @ weights


@train_forecaster.misconception(
    "Your forecasts lie between 0 and 1. Does the series?",
    "They are in the scaler's units. Before `predict` returns them they have to go back into the data's.",
)
def forecasts_from_0_to_1(train, validation, window, steps, seed):
    low, width = train.min(), np.ptp(train)
    pairs = np.lib.stride_tricks.sliding_window_view((train - low) / width - 0.5, window + steps)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window:], rcond=None)
    return lambda history: ((history - low) / width - 0.5) @ weights + 0.5


@train_forecaster.misconception(
    "What does your model say for the first step? Look for that number in the window.",
    "It has been taught to repeat the last value it read: its targets start one step too early.",
)
def trained_on_its_last_input(train, validation, window, steps, seed):
    mean = train.mean()
    pairs = np.lib.stride_tricks.sliding_window_view(train - mean, window + steps - 1)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window - 1 :], rcond=None)
    return lambda history: (history - mean) @ weights + mean


@train_forecaster.misconception(
    "Turn your forecasts around, the last step first, and compare again.",
    "The first column is the step right after the window.",
)
def last_step_first(train, validation, window, steps, seed):
    mean = train.mean()
    pairs = np.lib.stride_tricks.sliding_window_view(train - mean, window + steps)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window:][:, ::-1], rcond=None)
    return lambda history: (history - mean) @ weights + mean


@train_forecaster.misconception(
    "Your steps are all the same. Does the season stand still?",
    "A model of one step has to be asked again, with its own answer in the window; or make it say all steps at once.",
)
def one_step_for_all(train, validation, window, steps, seed):
    mean = train.mean()
    pairs = np.lib.stride_tricks.sliding_window_view(train - mean, window + 1)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window:], rcond=None)
    return lambda history: np.repeat((history - mean) @ weights + mean, steps, axis=1)


@train_forecaster.misconception(
    "Your forecasts repeat what was seen last. That is persistence, the baseline to beat.",
    "Has anything been learned? Print the loss before and after the training.",
)
def persistence(train, validation, window, steps, seed):
    return lambda history: np.repeat(history[:, -1:], steps, axis=1)


@train_forecaster.misconception(
    "Your forecasts fit something: compare them with the last steps *inside* the window.",
    "While it forecasts, your model reads the steps that it is asked for. At their time they are not known.",
)
def forecasts_of_what_was_seen(train, validation, window, steps, seed):
    mean, short = train.mean(), window - steps
    pairs = np.lib.stride_tricks.sliding_window_view(train - mean, short + 1)
    weights, *_ = np.linalg.lstsq(pairs[:, :short], pairs[:, short:], rcond=None)

    def predict(history):
        seen = history - mean
        return np.hstack([seen[:, k : k + short] @ weights for k in range(steps)]) + mean

    return predict


@train_forecaster.misconception(
    "Whatever the window, your forecasts are near the mean of the series. Has anything been learned?",
    "x and y must stay rows of the same window. If x is shuffled, y has to be, in the same order.",
)
def windows_and_targets_shuffled_apart(train, validation, window, steps, seed):
    mean, rng = train.mean(), np.random.default_rng(seed)
    pairs = np.lib.stride_tricks.sliding_window_view(train - mean, window + steps)
    x, y = rng.permutation(pairs[:, :window]), rng.permutation(pairs[:, window:])
    weights = np.linalg.solve(x.T @ x + len(x) * train.var() * np.eye(window), x.T @ y)
    return lambda history: (history - mean) @ weights + mean


@train_forecaster.misconception(
    "Ask for one window alone, and for the same window among others. Should the forecasts differ?",
    "You fit a scale on whatever `predict` is given. The scale belongs to the model: it is that of the training part.",
)
def scaled_by_what_is_asked(train, validation, window, steps, seed):
    pairs = np.lib.stride_tricks.sliding_window_view((train - train.mean()) / train.std(), window + steps)
    weights, *_ = np.linalg.lstsq(pairs[:, :window], pairs[:, window:], rcond=None)

    def predict(history):
        mean, spread = history.mean(), history.std()
        return (history - mean) / spread @ weights * spread + mean

    return predict


@train_forecaster.misconception(
    "Train twice with the same seed and compare two forecasts.",
    "Somewhere numbers are drawn that the seed does not reach: the first weights, or the order of the batches.",
)
def seed_ignored(train, validation, window, steps, seed):
    mean, spread = train.mean(), train.std()
    pairs = np.lib.stride_tricks.sliding_window_view((train - mean) / spread, window + steps)
    hidden = np.random.default_rng().standard_normal((window, 60)) / np.sqrt(window)
    h = np.tanh(pairs[:, :window] @ hidden)
    weights = np.linalg.solve(h.T @ h + np.eye(60), h.T @ pairs[:, window:])
    return lambda history: np.tanh((history - mean) / spread @ hidden) @ weights * spread + mean
