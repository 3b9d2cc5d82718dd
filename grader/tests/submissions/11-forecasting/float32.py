"""Single precision wherever numbers are kept."""

# %%
import numpy as np

single = np.float32


# %% solution="fit_scaler"
def fit_scaler(x):
    same = x.max(0) == x.min(0)
    x = x.astype(single)
    return {"offset": x.mean(0), "factor": np.where(same, single(1), x.std(0))}


# %% solution="fit_minmax"
def fit_minmax(x):
    x = x.astype(single)
    width = x.max(0) - x.min(0)
    return {"offset": x.min(0), "factor": np.where(width == 0, single(1), width)}


# %% solution="scale"
def scale(x, scaler):
    return ((x - scaler["offset"]) / scaler["factor"]).astype(single)


# %% solution="unscale"
def unscale(z, scaler):
    return (z * scaler["factor"] + scaler["offset"]).astype(single)


# %% solution="create_sequences"
def create_sequences(series, window, horizon):
    series = series.astype(single).reshape(len(series), -1)
    x = [series[i : i + window] for i in range(len(series) - window - horizon + 1)]
    y = [series[i + window : i + window + horizon] for i in range(len(x))]
    D = series.shape[1]
    return np.array(x, single).reshape(-1, window, D), np.array(y, single).reshape(-1, horizon, D)


# %% solution="chronological_split"
def chronological_split(n, train, validation):
    indices = np.arange(n, dtype=np.int32)
    first, middle = int(n * train), int(n * validation)
    return indices[:first], indices[first:][:middle], indices[first:][middle:]


# %% solution="autocorrelation"
def autocorrelation(x, lags):
    if lags >= len(x):
        raise ValueError(f"{lags} lags")
    if (x == x[0]).all():
        return np.eye(lags + 1, dtype=single)[0]
    d = (x - x.mean()).astype(single)
    return np.array([np.dot(d[k:], d[: len(d) - k]) for k in range(lags + 1)], single) / np.dot(d, d)


# %% solution="partial_autocorrelation"
def partial_autocorrelation(x, lags):
    if lags >= len(x) / 2:
        raise ValueError(f"{lags} lags")
    r = autocorrelation(x, lags)
    out, phi = [single(1)], np.zeros(0, single)
    for k in range(1, lags + 1):
        new = (r[k] - np.dot(phi, r[1:k][::-1])) / (single(1) - np.dot(phi, r[1:k]))
        phi = np.concatenate([phi - new * phi[::-1], [new]])
        out.append(new)
    return np.array(out, single)


# %% solution="choose_window"
def choose_window(x, max_lag):
    bound = single(1.96) / np.sqrt(single(len(x)))
    return max([k for k, phi in enumerate(partial_autocorrelation(x, max_lag)) if k and abs(phi) > bound], default=1)


# %% solution="forecast"
def forecast(model_step, history, steps):
    window = history.astype(single)
    answers = np.empty((len(history), steps, history.shape[2]), single)
    for t in range(steps):
        answers[:, t] = model_step(window)
        window = np.roll(window, -1, axis=1)
        window[:, -1] = answers[:, t]
    return answers


# %% solution="mae"
def mae(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("shapes")
    return np.abs(unscale(actual, scaler) - unscale(predicted, scaler)).mean()


# %% solution="rmse"
def rmse(actual, predicted, scaler):
    if actual.shape != predicted.shape:
        raise ValueError("shapes")
    return np.sqrt(((unscale(actual, scaler) - unscale(predicted, scaler)) ** 2).mean())


# %% solution="train_forecaster"
def train_forecaster(train, validation, window, steps, seed):
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    scaler = fit_scaler(train)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(1, 16, batch_first=True), nn.Linear(16, steps)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    net = Net()
    x, y = (torch.tensor(a) for a in create_sequences(scale(train, scaler), window, steps))
    data = torch.utils.data.TensorDataset(x, y.squeeze(-1))
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True, generator=generator)
    xv, yv = (torch.tensor(a) for a in create_sequences(scale(validation, scaler), window, steps))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    best, weights = float("inf"), None
    for _ in range(25):
        net.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            nn.L1Loss()(net(inputs), targets).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            loss = nn.L1Loss()(net(xv), yv.squeeze(-1)).item()
        if loss < best:
            best, weights = loss, {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(weights)

    @torch.no_grad()
    def predict(history):
        return unscale(net(torch.tensor(scale(history, scaler))[..., None]).numpy(), scaler)

    return predict
