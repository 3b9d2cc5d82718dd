"""The rest of a series is a series; earlier functions are used wherever there is one."""

# %%
import numpy as np


# %% solution="fit_scaler"
def fit_scaler(x):
    if x.ndim == 1:
        return {name: value[0] for name, value in fit_scaler(x[:, None]).items()}
    if x.shape[1] > 1:
        left, right = fit_scaler(x[:, :1]), fit_scaler(x[:, 1:])
        return {name: np.append(left[name], right[name]) for name in left}
    flat = len(np.unique(x)) == 1
    return {"offset": x.mean(axis=0), "factor": np.ones(1) if flat else x.std(axis=0)}


# %% solution="fit_minmax"
def fit_minmax(x):
    order = np.sort(x, axis=0)
    difference = order[-1] - order[0]
    return {"offset": order[0], "factor": difference + (difference == 0)}


# %% solution="scale"
def scale(x, scaler):
    return unscale(x, {"offset": -scaler["offset"] / scaler["factor"], "factor": 1 / scaler["factor"]})


# %% solution="unscale"
def unscale(z, scaler):
    return scaler["offset"] + scaler["factor"] * z


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    if series.ndim == 1:
        return create_sequences(series[:, None], window, horizon)
    if len(series) < window + horizon:
        D = series.shape[1]
        return np.zeros((0, window, D)), np.zeros((0, horizon, D))
    x, y = create_sequences(series[1:], window, horizon)
    return np.concatenate([[series[:window]], x]), np.concatenate([[series[window : window + horizon]], y])


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    a = int(n * train)
    b = a + int(n * validation)
    i = np.arange(n)
    return i[i < a], i[(a <= i) & (i < b)], i[i >= b]


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    if not lags < len(x):
        raise ValueError
    if lags == 0:
        return np.ones(1)
    if x.min() == x.max():
        return np.append(autocorrelation(x, lags - 1), 0)
    d = x - x.mean()
    return np.append(autocorrelation(x, lags - 1), np.sum(d[lags:] * d[:-lags]) / np.sum(d * d))


# %%
def weights(r, k):
    """The k coefficients of Yule and Walker's equations."""
    if k == 0:
        return np.zeros(0)
    before = weights(r, k - 1)
    last = (r[k] - before @ r[1:k][::-1]) / (1 - before @ r[1:k])
    return np.append(before - last * before[::-1], last)


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    if not lags < len(x) / 2:
        raise ValueError
    r = autocorrelation(x, lags)
    return np.array([1.0, *(weights(r, k)[-1] for k in range(1, lags + 1))])


# %% solution="choose_window"
def choose_window(x, max_lag):
    if max_lag == 1 or abs(partial_autocorrelation(x, max_lag)[-1]) > 1.96 / len(x) ** 0.5:
        return max_lag
    return choose_window(x, max_lag - 1)


# %% solution="forecast"
def forecast(model_step, history, steps):
    if steps == 0:
        return history[:, :0]
    answer = model_step(history)[:, None]
    rest = forecast(model_step, np.hstack([history[:, 1:], answer]), steps - 1)
    return np.hstack([answer, rest])


# %% solution="mae"
def mae(actual, predicted, scaler):
    assert_same(actual, predicted)
    return abs(unscale(actual - predicted, {"offset": 0, "factor": scaler["factor"]})).mean()


# %%
def assert_same(actual, predicted):
    if actual.shape != predicted.shape:
        raise ValueError(f"{actual.shape} is not {predicted.shape}")


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    assert_same(actual, predicted)
    return np.mean(unscale(actual - predicted, {"offset": 0, "factor": scaler["factor"]}) ** 2) ** 0.5


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    """The first step by a network; the others by the same one, which reads its own answers while it learns, too."""
    import torch

    torch.manual_seed(seed)
    scaler = fit_scaler(train)
    cell, head = torch.nn.RNNCell(1, 16), torch.nn.Linear(16, 1)
    pairs = [
        torch.tensor(a[..., 0], dtype=torch.float32) for a in create_sequences(scale(train, scaler), window, steps)
    ]
    optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=0.01)

    def run(z):
        h = torch.zeros(len(z), 16)
        for t in range(window):
            h = cell(z[:, t : t + 1], h)
        answers = [head(h)]
        for _ in range(steps - 1):
            h = cell(answers[-1], h)
            answers.append(head(h))
        return torch.hstack(answers)

    for _ in range(150):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(run(pairs[0]), pairs[1]).backward()
        optimizer.step()

    def predict(history):
        with torch.no_grad():
            return unscale(run(torch.tensor(scale(history, scaler), dtype=torch.float32)).double().numpy(), scaler)

    return predict
