"""Writes datasets/digits/*.gz from scikit-learn's load_digits, as IDX bytes. Needs scikit-learn; nothing is random."""

import gzip
import pathlib
import struct

from sklearn.datasets import load_digits

FOLDER = pathlib.Path(__file__).parent / "digits"
UNSIGNED_BYTE = 0x08


def write_idx(name, array):
    rank = array.ndim
    header = struct.pack(f">BBBB{rank}I", 0, 0, UNSIGNED_BYTE, rank, *array.shape)
    # No date and no name inside, so that the same data gives the same file.
    packed = gzip.compress(header + array.astype("uint8").tobytes(), compresslevel=9, mtime=0)
    (FOLDER / f"{name}.gz").write_bytes(packed)
    print(name, array.shape, len(packed), "bytes")


digits = load_digits()
assert digits.images.shape == (1797, 8, 8) and (digits.images % 1 == 0).all()
assert digits.images.min() == 0 and digits.images.max() == 16
FOLDER.mkdir(exist_ok=True)
write_idx("images-idx3-ubyte", digits.images)
write_idx("labels-idx1-ubyte", digits.target)
