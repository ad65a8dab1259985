"""Makes filters.json beside it: what NumPy and SciPy give for one small picture. Run: python3 filters.py"""
import json
import pathlib

import numpy as np
import scipy
from scipy import ndimage

picture = np.array([[(r * r * 5 + c * 7 + r * c * 3) % 23 for c in range(9)] for r in range(7)], float)
unit = ((picture - picture.min()) / (picture.max() - picture.min())).astype(np.float32).astype(float)


def bars(values, low, high):
    return np.minimum(np.floor((values - low) * (256 / (high - low))), 255).astype(int)


def otsu(values):
    number = bars(values, values.min(), values.max())
    best, threshold = -1.0, 0
    for bar in range(255):
        dark, bright = number[number <= bar], number[number > bar]
        if dark.size and bright.size:
            variance = dark.size * bright.size * (dark.mean() - bright.mean()) ** 2
            if variance > best * (1 + 1e-12):
                best, threshold = variance, bar
    return number > threshold


def cumulative(values, limit=None):
    counts = np.bincount(bars(values, 0, 1), minlength=256).astype(float)
    if limit is not None:
        highest = limit * values.size / 256
        # The level that, added to every bar, makes the cut bars hold all pixels again.
        low, high = 0.0, float(values.size)
        for _ in range(200):
            level = (low + high) / 2
            low, high = (level, high) if np.minimum(counts + level, highest).sum() < values.size else (low, level)
        counts = np.minimum(counts + low, highest)
    return np.concatenate([[0], np.cumsum(counts) / values.size])


def spread(shares, value):
    return np.interp(value * 256, np.arange(257), shares)


def clahe(values, tiles, limit):
    rows, columns = values.shape
    down, across = ([i * n // tiles for i in range(tiles + 1)] for n in (rows, columns))
    shares = [
        [cumulative(values[down[i]:down[i + 1], across[j]:across[j + 1]].ravel(), limit) for j in range(tiles)]
        for i in range(tiles)
    ]

    def place(pixel, pixels):
        at = min(max((pixel + 0.5) * tiles / pixels - 0.5, 0), tiles - 1)
        return int(at), min(int(at) + 1, tiles - 1), at - int(at)

    out = np.zeros_like(values)
    for y in range(rows):
        i, below, v = place(y, rows)
        for x in range(columns):
            j, right, h = place(x, columns)
            value = values[y, x]
            upper = (1 - h) * spread(shares[i][j], value) + h * spread(shares[i][right], value)
            lower = (1 - h) * spread(shares[below][j], value) + h * spread(shares[below][right], value)
            out[y, x] = (1 - v) * upper + v * lower
    return out


foreground = otsu(picture)
inside = picture[foreground]
results = {
    "source": f"NumPy {np.__version__}, SciPy {scipy.__version__}",
    "picture": picture,
    "gaussian 0.5": ndimage.gaussian_filter(picture, 0.5, mode="nearest", truncate=4.0),
    "gaussian 1.3": ndimage.gaussian_filter(picture, 1.3, mode="nearest", truncate=4.0),
    "gaussian 3": ndimage.gaussian_filter(picture, 3, mode="nearest", truncate=4.0),
    "median 1": ndimage.median_filter(picture, size=3, mode="nearest"),
    "median 2": ndimage.median_filter(picture, size=5, mode="nearest"),
    "median 3": ndimage.median_filter(picture, size=7, mode="nearest"),
    "foreground": foreground.astype(float),
    "z-score": (picture - picture.mean()) / picture.std(),
    "z-score over foreground": (picture - inside.mean()) / inside.std(),
    "equalise": spread(cumulative(unit.ravel()), unit),
    "clahe 2, 4": clahe(unit, 2, 4.0),
    "clahe 3, 40": clahe(unit, 3, 40.0),
}
lines = (
    f'  "{name}": {json.dumps(value if isinstance(value, str) else [round(float(v), 6) for v in value.ravel()])}'
    for name, value in results.items()
)
pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
