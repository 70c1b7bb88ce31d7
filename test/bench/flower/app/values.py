"""What each client contributes: the same numbers here and where the mean is checked."""

import numpy as np

EXAMPLES = 100


def values_of(client: int, parameters: int) -> np.ndarray:
    """Values in [-1, 1], of no pattern that a sum would hide."""
    k = np.arange(parameters, dtype=np.float64)
    return (((k * 7919 + 104729 * client) % 2001) / 1000 - 1).astype(np.float32)
