"""No loop that numpy has a word for: strided windows, np.correlate, Toeplitz systems."""

# %%
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


# %% solution="fit_scaler"
def fit_scaler(x):
    mean = np.mean(x, axis=0)
    spread = np.sqrt(np.mean(np.square(x - mean), axis=0))
    return dict(offset=mean, factor=np.where(np.ptp(x, axis=0) == 0, 1, spread))


# %% solution="fit_minmax"
def fit_minmax(x):
    width = np.ptp(x, axis=0)
    return dict(offset=np.min(x, axis=0), factor=np.where(width > 0, width, 1))


# %% solution="scale"
def scale(x, scaler):
    return np.divide(np.subtract(x, scaler["offset"]), scaler["factor"])


# %% solution="unscale"
def unscale(z, scaler):
    return np.add(np.multiply(z, scaler["factor"]), scaler["offset"])


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    series = np.atleast_2d(series.T).T
    both = window + horizon
    if len(series) < both:
        return np.empty((0, window, series.shape[1])), np.empty((0, horizon, series.shape[1]))
    pairs = np.moveaxis(sliding_window_view(series, both, axis=0), 2, 1)
    return pairs[:, :window], pairs[:, window:]


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    return np.split(np.arange(n), np.cumsum(np.floor([n * train, n * validation])).astype(int))


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    if lags >= x.size:
        raise ValueError("lags")
    r = np.zeros(lags + 1)
    r[0] = 1
    if np.ptp(x):
        centred = x - x.mean()
        full = np.correlate(centred, centred, mode="full")[x.size - 1 :]
        r = full[: lags + 1] / full[0]
    return r


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    if lags * 2 >= x.size:
        raise ValueError("lags")
    r = autocorrelation(x, lags)
    R = r[abs(np.arange(lags)[:, None] - np.arange(lags))]
    return np.r_[1.0, [np.linalg.solve(R[:k, :k], r[1 : k + 1])[-1] for k in range(1, lags + 1)]]


# %% solution="choose_window"
def choose_window(x, max_lag):
    out = abs(partial_autocorrelation(x, max_lag)) * np.sqrt(x.size) > 1.96
    out[:2] = False, True
    return np.flatnonzero(out).max()


# %% solution="forecast"
def forecast(model_step, history, steps):
    seen = np.concatenate([history, np.zeros((len(history), steps, history.shape[2]))], axis=1)
    W = history.shape[1]
    for t in range(W, W + steps):
        seen[:, t] = model_step(seen[:, t - W : t])
    return seen[:, W:]


# %% solution="mae"
def mae(actual, predicted, scaler):
    if np.shape(actual) != np.shape(predicted):
        raise ValueError("shapes")
    return (abs(actual - predicted) * scaler["factor"]).mean()


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    if np.shape(actual) != np.shape(predicted):
        raise ValueError("shapes")
    errors = ((actual - predicted) * scaler["factor"]).ravel()
    return np.linalg.norm(errors) / np.sqrt(errors.size)


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    import torch

    torch.manual_seed(seed)
    scaler = fit_minmax(train)
    x, y = (part[..., 0] for part in create_sequences(scale(train, scaler), window, steps))
    x, y = torch.from_numpy(x.copy()), torch.from_numpy(y.copy())
    rnn, out = torch.nn.RNN(1, 20, batch_first=True).double(), torch.nn.Linear(20, steps).double()
    optimizer = torch.optim.Adam([*rnn.parameters(), *out.parameters()], lr=0.01)

    def model(z):
        return z[:, -1:] + out(rnn((z - z[:, -1:]).unsqueeze(-1))[1][0])

    for _ in range(120):  # all windows at once; nothing is chosen by the validation part
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    return lambda history: unscale(model(torch.from_numpy(scale(history, scaler))).detach().numpy(), scaler)
