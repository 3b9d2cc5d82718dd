"""Lists come back wherever lists will do, and tuples, and named tuples."""

# %%
from collections import namedtuple

import numpy as np

Parts = namedtuple("Parts", "train validation test")


# %% solution="fit_scaler"
def fit_scaler(x):
    table = np.reshape(x, (len(x), -1)).T.tolist()
    offset = [float(np.mean(column)) for column in table]
    factor = [float(np.std(column)) if len(set(column)) > 1 else 1 for column in table]
    return {"offset": offset, "factor": factor} if x.ndim > 1 else {"offset": offset[0], "factor": factor[0]}


# %% solution="fit_minmax"
def fit_minmax(x):
    table = np.reshape(x, (len(x), -1)).T.tolist()
    offset = [min(column) for column in table]
    factor = [(max(column) - min(column)) or 1 for column in table]
    return {"offset": offset, "factor": factor} if x.ndim > 1 else {"offset": offset[0], "factor": factor[0]}


# %% solution="scale"
def scale(x, scaler):
    return ((x - np.array(scaler["offset"])) / np.array(scaler["factor"])).tolist()


# %% solution="unscale"
def unscale(z, scaler):
    return (np.array(z) * np.array(scaler["factor"]) + np.array(scaler["offset"])).tolist()


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    rows = [list(np.atleast_1d(row)) for row in series]
    N = len(rows) - window - horizon + 1
    if N < 1:
        D = len(rows[0])
        return [np.zeros((0, window, D)), np.zeros((0, horizon, D))]
    return [[rows[i : i + window] for i in range(N)], [rows[i + window : i + window + horizon] for i in range(N)]]


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    everything = list(range(n))
    first = everything[: int(n * train)]
    second = everything[len(first) : len(first) + int(n * validation)]
    rest = everything[len(first) + len(second) :]
    return Parts(*(np.array(part, int) for part in (first, second, rest)))


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    x = [float(value) for value in x]
    if lags >= len(x):
        raise ValueError("Not so many lags!")
    if len(set(x)) == 1:
        return [1.0] + [0.0] * lags
    mean = sum(x) / len(x)
    d = [value - mean for value in x]
    below = sum(value**2 for value in d)
    return [sum(a * b for a, b in zip(d[k:], d)) / below for k in range(lags + 1)]


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    if lags >= len(x) / 2:
        raise ValueError("Not so many lags!")
    r = autocorrelation(x, lags)
    phis, phi = [1], []
    for k in range(1, lags + 1):
        above = r[k] - sum(p * r[k - j] for j, p in enumerate(phi, 1))
        below = 1 - sum(p * r[j] for j, p in enumerate(phi, 1))
        phi = [p - above / below * q for p, q in zip(phi, phi[::-1])] + [above / below]
        phis.append(phi[-1])
    return phis


# %% solution="choose_window"
def choose_window(x, max_lag):
    standing = [1] + [k for k, phi in enumerate(partial_autocorrelation(x, max_lag)) if phi**2 * len(x) > 1.96**2]
    return standing[-1] or 1


# %% solution="forecast"
def forecast(model_step, history, steps):
    if steps == 0:
        return np.zeros((len(history), 0, history.shape[2]))
    seen = history.tolist()
    answers = [[] for _ in seen]
    for _ in range(steps):
        for row, said, answer in zip(seen, answers, model_step(np.array(seen)).tolist()):
            row.append(answer)
            del row[0]
            said.append(answer)
    return answers


# %% solution="mae"
def mae(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("Not of one shape!")
    pairs = zip(np.ravel(unscale(actual, scaler)), np.ravel(unscale(predicted, scaler)))
    return np.array(np.mean([abs(a - p) for a, p in pairs]))


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("Not of one shape!")
    pairs = zip(np.ravel(unscale(actual, scaler)), np.ravel(unscale(predicted, scaler)))
    return np.mean([(a - p) ** 2 for a, p in pairs]) ** 0.5


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    import torch

    torch.manual_seed(seed)
    scaler = fit_minmax(train)
    x, y = (
        torch.tensor(part).float().squeeze(-1)
        for part in create_sequences(np.array(scale(train, scaler)), window, steps)
    )
    net = torch.nn.GRU(1, 24, num_layers=1, batch_first=True)
    top = torch.nn.Sequential(torch.nn.Linear(24, 24), torch.nn.ReLU(), torch.nn.Linear(24, steps))

    def answers(z):  # each window on a scale of its own
        middle = z.mean(dim=1, keepdim=True)
        return middle + top(net(4 * (z - middle).unsqueeze(2))[0][:, -1])

    optimizer = torch.optim.RMSprop([*net.parameters(), *top.parameters()], lr=0.003)
    for _ in range(30):
        for batch in torch.randperm(len(x)).split(40):
            optimizer.zero_grad()
            torch.nn.functional.smooth_l1_loss(answers(x[batch]), y[batch]).backward()
            optimizer.step()

    def predict(history):
        with torch.inference_mode():
            return unscale(answers(torch.tensor(scale(history, scaler)).float()).tolist(), scaler)

    return predict
