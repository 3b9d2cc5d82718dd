"""The right answer to every graded function of the course, in plain numpy: one module per assignment.

The conventions, stated here once and held by every module:

Letters
    B batch, T time steps, D input features, H hidden units, O outputs, V vocabulary, E embedding,
    S source length, L layers, K beam width, N heads.

Arrays
    Batch-major, (B, T, D), as torch's ``batch_first=True``. Vectors are rows: ``x @ W_x + h @ W_h + b`` with
    W_x (D, H), W_h (H, H), b (H,). Everything is computed in float64, or in float32 if every real argument is
    float32; ids are int64, whatever integers come in.

Gates
    Stacked on the last axis in PyTorch's order. LSTM: i, f, g, o, so W_x is (D, 4H). GRU: r, z, n, so W_x is
    (D, 3H).

The GRU variant
    That of Bahdanau (2015, appendix A.1.1): r acts on h_prev *before* the matrix product, and z lets the *new*
    state in::

        n = tanh(x W_xn + (r * h_prev) W_hn + b_n)
        h = (1 - z) * h_prev + z * n

    Cho's z (2014) keeps the old state; so do d2l's, and PyTorch's and cuDNN's, which apply r after the product.

Gradients
    dX is the gradient of the loss with respect to X and has X's shape; that of a weight is a sum over batch
    and time. No cache objects: a backward function takes the arrays it needs, and stands under its forward.

Purity
    Functions are pure: no input is mutated, no state is hidden, randomness comes only through the given rng.
    T = 0 and B = 0 give what the equations give for empty sums and sequences. A wrong argument is a
    ValueError that names it.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]  # by its usual dtype; float32 arrays are as welcome

__all__ = ["Array"]
