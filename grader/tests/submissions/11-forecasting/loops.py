"""Plain loops over rows, steps and columns; the network says one step, and forecast asks it again."""

# %%
import copy
import math

import numpy as np


def columns(x):
    return [x] if x.ndim == 1 else [x[:, d] for d in range(x.shape[1])]


def shaped(x, numbers):
    return np.array(numbers[0] if x.ndim == 1 else numbers)


# %% solution="fit_scaler"
def fit_scaler(x):
    offsets, factors = [], []
    for column in columns(x):
        mean = sum(column) / len(column)
        variance = sum((value - mean) ** 2 for value in column) / len(column)
        offsets.append(mean)
        factors.append(1.0 if min(column) == max(column) else math.sqrt(variance))
    return {"factor": shaped(x, factors), "offset": shaped(x, offsets)}


# %% solution="fit_minmax"
def fit_minmax(x):
    offsets, factors = [], []
    for column in columns(x):
        offsets.append(min(column))
        factors.append(max(column) - min(column) or 1)
    return {"offset": shaped(x, offsets), "factor": shaped(x, factors)}


# %% solution="scale"
def scale(x, scaler):
    z = np.empty(x.shape)
    for i in np.ndindex(*x.shape):
        column = i[-1:] if scaler["offset"].ndim else ()
        z[i] = (x[i] - scaler["offset"][column]) / scaler["factor"][column]
    return z


# %% solution="unscale"
def unscale(z, scaler):
    x = np.empty(z.shape)
    for i in np.ndindex(*z.shape):
        column = i[-1:] if scaler["offset"].ndim else ()
        x[i] = z[i] * scaler["factor"][column] + scaler["offset"][column]
    return x


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    if series.ndim == 1:
        series = series.reshape(-1, 1)
    T, D = series.shape
    N = max(0, T - window - horizon + 1)
    x, y = np.zeros((N, window, D)), np.zeros((N, horizon, D))
    for i in range(N):
        for t in range(window):
            x[i, t] = series[i + t]
        for t in range(horizon):
            y[i, t] = series[i + window + t]
    return x, y


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    parts = [], [], []
    a, b = math.floor(n * train), math.floor(n * validation)
    for i in range(n):
        parts[0 if i < a else 1 if i < a + b else 2].append(i)
    return tuple(np.array(part, dtype=np.int32) for part in parts)


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    n = len(x)
    if lags > n - 1:
        raise ValueError("too many lags")
    if min(x) == max(x):
        return np.array([1.0] + lags * [0.0])
    mean = sum(x) / n
    r = []
    for k in range(lags + 1):
        r.append(sum((x[t] - mean) * (x[t - k] - mean) for t in range(k, n)))
    return np.array(r) / r[0]


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    if lags >= len(x) / 2:
        raise ValueError("too many lags")
    r = autocorrelation(x, lags)
    phi = np.zeros((lags + 1, lags + 1))
    for k in range(1, lags + 1):
        above, below = r[k], 1.0
        for j in range(1, k):
            above -= phi[k - 1, j] * r[k - j]
            below -= phi[k - 1, j] * r[j]
        phi[k, k] = above / below
        for j in range(1, k):
            phi[k, j] = phi[k - 1, j] - phi[k, k] * phi[k - 1, k - j]
    return np.array([1.0] + [phi[k, k] for k in range(1, lags + 1)])


# %% solution="choose_window"
def choose_window(x, max_lag):
    phi = partial_autocorrelation(x, max_lag)
    for k in range(max_lag, 0, -1):
        if abs(phi[k]) > 1.96 / math.sqrt(len(x)):
            return k
    return 1


# %% solution="forecast"
def forecast(model_step, history, steps):
    window = [history[:, t] for t in range(history.shape[1])]
    answers = np.zeros((history.shape[0], steps, history.shape[2]))
    for t in range(steps):
        answers[:, t] = model_step(np.stack(window, axis=1))
        window = [*window[1:], answers[:, t]]
    return answers


# %% solution="mae"
def mae(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("shapes differ")
    a, p = unscale(actual, scaler), unscale(predicted, scaler)
    return sum(abs(one - other) for one, other in zip(a.flat, p.flat)) / a.size


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("shapes differ")
    a, p = unscale(actual, scaler), unscale(predicted, scaler)
    return math.sqrt(sum((one - other) ** 2 for one, other in zip(a.flat, p.flat)) / a.size)


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    import torch

    torch.manual_seed(seed)
    scaler = fit_scaler(train)

    class OneStep(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = torch.nn.GRU(1, 16, batch_first=True)
            self.out = torch.nn.Linear(16, 1)

        def forward(self, x):
            h, _ = self.gru(x)
            return self.out(h[:, -1])

    net = OneStep()
    x, y = (torch.tensor(a, dtype=torch.float32) for a in create_sequences(scale(train, scaler), window, 1))
    xv, yv = (torch.tensor(a, dtype=torch.float32) for a in create_sequences(scale(validation, scaler), window, 1))
    adam = torch.optim.Adam(net.parameters(), lr=0.02)
    best = (math.inf, None)
    for epoch in range(40):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 50):
            batch = order[start : start + 50]
            loss = ((net(x[batch]) - y[batch, 0]) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        with torch.no_grad():
            error = float(((net(xv) - yv[:, 0]) ** 2).mean())
        if error < best[0]:
            best = (error, copy.deepcopy(net.state_dict()))
    net.load_state_dict(best[1])

    def step(windows):
        with torch.no_grad():
            return net(torch.tensor(windows, dtype=torch.float32)).numpy()

    return lambda history: unscale(forecast(step, scale(history, scaler)[:, :, None], steps)[:, :, 0], scaler)
