"""The forecaster of 11-forecasting: it reads how a window came to its last value, and says how it goes on."""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from reference import Array
from reference.forecasting import create_sequences, fit_scaler, scale, unscale

HIDDEN = 16
EPOCHS = 80
PATIENCE = 20
BATCH = 128
LEARNING_RATE = 0.01


class Forecaster(nn.Module):
    """Standardised windows to standardised continuations, all steps at once.

    What it reads and what it says are differences from the window's last value, so that a series may drift to where
    no training window was; the level itself comes as a second input, scaled.

    Parameters
    ----------
    train : ndarray of shape (T,)
        In the data's units; what the scaling is fitted on.
    steps : int
    """

    def __init__(self, train: Array, steps: int) -> None:
        super().__init__()
        self.scaler = fit_scaler(train)
        self.cell = nn.RNN(2, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, steps)
        nn.init.zeros_(self.head.weight)  # untrained it says persistence
        nn.init.zeros_(self.head.bias)

    def forward(self, z: Tensor) -> Tensor:
        last = z[:, -1:]
        states, _ = self.cell(torch.stack([z - last, z], dim=2))  # (B, W, 2) to (B, W, H)
        continuation: Tensor = last + self.head(states[:, -1])
        return continuation

    def windows(self, series: Array, window: int, steps: int) -> tuple[Tensor, Tensor]:
        """All windows of a series (N, window), and their continuations (N, steps), standardised."""
        x, y = create_sequences(scale(series, self.scaler), window, steps)
        return _tensor(x[..., 0]), _tensor(y[..., 0])

    @torch.no_grad()
    def predictions(self, history: Array) -> Array:
        """(B, steps) from (B, W), both in the data's units."""
        return unscale(self(_tensor(scale(history, self.scaler))).numpy().astype(np.float64), self.scaler)


def fitted(train: Array, validation: Array, window: int, steps: int, seed: int) -> Forecaster:
    """A forecaster trained by Adam on the mean absolute error, as it was after the epoch that validation liked best.

    Minibatches come in an order of their own in every epoch. Training ends after the last of EPOCHS, or when PATIENCE
    of them in a row were no better. The generator of torch that others draw from is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Forecaster(train, steps)
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
        x, y = network.windows(train, window, steps)
        best, best_error, since = deepcopy(network.state_dict()), float("inf"), 0
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(len(x)), BATCH):
                optimizer.zero_grad()
                torch.autograd.backward(nn.functional.l1_loss(network(x[rows]), y[rows]))
                optimizer.step()
            error = _validation_error(network, validation, window, steps)
            best_error, since = (error, 0) if error < best_error else (best_error, since + 1)
            if since == 0:
                best = deepcopy(network.state_dict())
            if since == PATIENCE:
                break
        network.load_state_dict(best)
    return network


@torch.no_grad()
def _validation_error(network: Forecaster, validation: Array, window: int, steps: int) -> float:
    x, y = network.windows(validation, window, steps)
    return float(nn.functional.l1_loss(network(x), y))


def _tensor(array: Array) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)
