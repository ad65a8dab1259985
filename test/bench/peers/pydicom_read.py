"""From a DICOM file to a 128x128 float tensor with pydicom, NumPy and Pillow: answers every line of input with a number of them.

usage: pydicom_read.py FILE
Prints {"ready": ...} once, then {"ms": of one, "value": mean of the tensor, "bytes": ...} for each line.
"""
import json
import resource
import sys
import time

import numpy as np
import PIL
import pydicom
from PIL import Image

SIZE = (128, 128)
STEP_SECONDS = 0.4


def tensor_of(path, decoder):
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID.is_compressed and decoder:
        dataset.convert_pixel_data(decoder)
    pixels = dataset.pixel_array.astype(np.float32)
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    if slope != 1 or intercept != 0:
        pixels = pixels * np.float32(slope) + np.float32(intercept)
    return np.asarray(Image.fromarray(pixels).resize(SIZE, Image.BOX))


def seconds(count, path, decoder):
    start = time.perf_counter()
    for _ in range(count):
        tensor = tensor_of(path, decoder)
    return time.perf_counter() - start, tensor


def fastest_decoder(path):
    """Of those that can read this file; the first look at a file loads a decoder and is not counted."""
    found = {}
    errors = []
    for decoder in ("gdcm", "pillow", "numpy", "rle", "jpeg_ls", "pylibjpeg"):
        try:
            tensor_of(path, decoder)
            found[decoder] = min(seconds(3, path, decoder)[0] for _ in range(3))
        except Exception as error:  # a decoder that is not there or cannot read it
            errors.append(f"{decoder}: {error}")
    if not found:
        raise RuntimeError(f"RuntimeError: no decoder reads it; {errors}")
    return min(found, key=found.get)


path = sys.argv[1]
is_compressed = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.is_compressed
is_deflated = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.is_deflated
decoder = fastest_decoder(path) if is_compressed and not is_deflated else ""
count = 1
while seconds(count, path, decoder)[0] < STEP_SECONDS / 2:
    count *= 2
names = f"pydicom {pydicom.__version__}, {decoder or 'NumPy'}, Pillow {PIL.__version__}"
print(json.dumps({"ready": names}), flush=True)
for _ in sys.stdin:
    elapsed, tensor = seconds(count, path, decoder)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ms": 1e3 * elapsed / count, "value": float(tensor.mean(dtype=np.float64)), "bytes": resident}), flush=True)
