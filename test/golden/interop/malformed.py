"""Makes HDF5 files that are sound, but not for a reader of models: `python malformed.py` (needs h5py)."""
import h5py
import numpy as np

KERNEL = np.arange(20, dtype="float32").reshape(4, 5)


def weights(name, put):
    """A file in Keras's older form with the layer `hidden`, whose kernel `put` makes."""
    with h5py.File(name, "w") as f:
        f.attrs["layer_names"] = [b"hidden"]
        group = f.create_group("hidden")
        group.attrs["weight_names"] = [b"kernel", b"bias"]
        put(group)
        group.create_dataset("bias", data=np.zeros(5, "float32"))


def external_data(group):
    group.create_dataset("kernel", (4, 5), "float32", external=[("/etc/passwd", 0, 80)])


def looped(group):
    group["kernel"] = group.parent


weights("bad-soft-link.h5", lambda g: g.__setitem__("kernel", h5py.SoftLink("/hidden/bias")))
weights("bad-external-link.h5", lambda g: g.__setitem__("kernel", h5py.ExternalLink("other.h5", "/x")))
weights("bad-external-data.h5", external_data)
weights("bad-loop.h5", looped)
weights("bad-shape.h5", lambda g: g.create_dataset("kernel", (2**30, 2**8), "float32", chunks=(1024, 256)))
weights("bad-zeros.h5", lambda g: g.create_dataset("kernel", (2**14, 2**10), "float32", chunks=(64, 64)))
weights("bad-text.h5", lambda g: g.create_dataset("kernel", data=np.full((4, 5), b"x")))
weights("bad-complex.h5", lambda g: g.create_dataset("kernel", data=KERNEL.astype("complex64")))
