"""Makes the models of made.json with Keras 3: `python make.py` (needs keras, jax, h5py). Weights are random, so are inputs."""
import io
import json
import os
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
import h5py
import keras
import numpy as np
from keras import layers as L

rng = np.random.default_rng(7)
cases = []


def case(name, model, *, whole=True):
    model.set_weights([randomized(w) for w in model.weights])
    inputs = [example(x) for x in model.inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    files = [f"{name}.keras"]
    model.save(files[0])
    if whole:
        model.save(f"{name}.h5")
        files.append(f"{name}.h5")
    pack = lambda a: {"shape": list(a.shape), "data": [float(f"{v:.9g}") for v in a.reshape(-1).tolist()]}
    cases.append({"name": name, "files": files, "inputs": [pack(x) for x in inputs], "outputs": [pack(y) for y in outputs]})


def randomized(w):
    value = rng.normal(0, 0.4, w.shape)
    return np.abs(value) + 0.5 if "variance" in w.path else value


def example(x):
    shape = (2, *x.shape[1:])
    if x.dtype == "int32":
        return rng.integers(0, 6, shape).astype("int32")
    return rng.normal(0, 1, shape).astype("float32").round(3)


def recurrent():
    x = L.Input((5, 3), name="steps")
    y = L.Bidirectional(L.LSTM(2, return_sequences=True), name="both")(x)
    y = L.GRU(3, name="gated", return_sequences=True)(y)
    y = L.GRU(3, reset_after=False, recurrent_activation="relu")(y)
    a = L.Dense(4, activation="relu", name="a")(y)
    b = L.Dense(4, name="b", use_bias=False)(y)
    z = L.Concatenate()([L.Add()([a, b]), y])
    inner = keras.Sequential([L.Input((7,)), L.Dense(3, name="inside"), L.BatchNormalization()], name="inner")
    return keras.Model(x, [inner(z), L.Activation("sigmoid", name="second")(a)])


def attention():
    x = L.Input((4,), dtype="int32", name="words")
    y = L.Embedding(6, 4, name="table")(x)
    y = L.MultiHeadAttention(2, 3, name="heads")(y, y, use_causal_mask=True)
    y = L.LayerNormalization()(L.Add()([y, L.Embedding(6, 4)(x)]))
    y = L.TimeDistributed(L.Dense(3, activation="gelu"))(y)
    y = L.SimpleRNN(3, return_sequences=True)(y)
    y = L.RMSNormalization()(y)
    return keras.Model(x, L.GlobalAveragePooling1D()(y))


def images():
    return keras.Sequential(
        [
            L.Input((8, 8, 4)),
            L.ZeroPadding2D(((1, 0), (0, 1))),
            L.Conv2D(6, 3, strides=2, padding="same", groups=2, activation="relu"),
            L.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
            L.GroupNormalization(3),
            L.PReLU(shared_axes=[1, 2]),
            L.SeparableConv2D(4, 2),
            L.Conv2DTranspose(3, 3, strides=2, padding="same"),
            L.UpSampling2D(2, interpolation="bilinear"),
            L.Cropping2D(1),
            L.AveragePooling2D(3, strides=2, padding="same"),
            L.Permute((2, 3, 1)),
            L.Reshape((-1, 3)),
            L.Conv1D(2, 3, padding="causal", dilation_rate=2, activation="tanh"),
            L.SpatialDropout1D(0.3),
            L.MaxPooling1D(2),
            L.Flatten(),
            L.Rescaling(0.5, 0.1),
            L.ReLU(6),
            L.Dropout(0.5),
            L.Dense(3, activation="softmax", kernel_regularizer="l2", kernel_constraint=keras.constraints.MaxNorm(2)),
        ],
        name="images",
    )


def zoo():
    """One branch for each class that the others have not."""
    v = L.Input((5, 5, 5, 2), name="volume")
    s = L.Input((8, 4), name="steps")
    r = L.Input((6,), name="row")
    k = L.Input((3,), dtype="int32", name="kinds")
    t = L.Conv1D(4, 3, strides=2, padding="same", activation="silu", name="c1")(s)
    states = L.LSTM(3, return_state=True, name="first")(t)
    u = L.LSTM(3, return_sequences=True, name="second")(t, initial_state=states[1:])
    d = L.Dense(4, name="shared", activation="elu")
    outputs = [
        L.GlobalMaxPooling3D()(L.Conv3D(2, 2, activation="tanh", dilation_rate=2)(v)),
        L.Flatten()(L.AveragePooling3D(2)(L.ZeroPadding3D(1)(L.Cropping3D(1)(v)))),
        L.GlobalAveragePooling3D(keepdims=True)(L.UpSampling3D(2)(L.MaxPooling3D(2)(L.Conv3DTranspose(2, 2)(v)))),
        L.Bidirectional(L.SimpleRNN(2), merge_mode="sum", name="bi")(L.SpatialDropout1D(0.1)(u)),
        L.Bidirectional(L.GRU(2, return_sequences=True, go_backwards=False), merge_mode=None)(u)[1],
        L.GRU(3, go_backwards=True, return_sequences=True, use_bias=False)(s),
        L.LSTM(2)(L.Masking(0.5)(s)),
        L.SeparableConv1D(3, 2, depth_multiplier=2)(L.DepthwiseConv1D(2, activation="relu6")(s)),
        L.Conv1DTranspose(3, 3, strides=2, padding="same")(L.ZeroPadding1D(1)(L.Cropping1D((1, 2))(s))),
        L.UpSampling1D(2)(L.AveragePooling1D(2)(s)),
        L.GlobalMaxPooling1D()(L.MaxPooling1D(3, strides=1, padding="same")(s)),
        L.Attention(use_scale=True)([s, s]),
        L.Dot(axes=2)([s, d(s)]),
        L.Multiply()([d(s), s]),
        L.Subtract()([s, d(s)]),
        L.Average()([s, d(s)]),
        L.Maximum()([s, d(s)]),
        L.Minimum()([s, d(s)]),
        L.UnitNormalization()(L.GaussianNoise(0.1)(r)),
        L.AlphaDropout(0.1)(L.GaussianDropout(0.1)(L.RepeatVector(2)(r))),
        L.Normalization(mean=0.5, variance=2.0)(r),
        L.LayerNormalization(axis=[1, 2], center=False)(s),
        L.BatchNormalization(axis=1, scale=False)(s),
        L.CategoryEncoding(6, output_mode="multi_hot")(k),
        L.Embedding(6, 2, mask_zero=True)(k),
        L.Dense(2, activation="hard_sigmoid")(L.Activation("mish")(r)),
        L.TimeDistributed(keras.Sequential([L.Input((4,)), L.Dense(2, name="deep")], name="each"))(s),
        keras.Model(r_in := L.Input((6,)), L.Dense(2)(r_in), name="tower")(r),
        L.Softmax()(L.ELU()(L.LeakyReLU(negative_slope=0.2)(L.ReLU()(r)))),
        L.Dropout(0.5)(L.Identity()(r)),
    ]
    return keras.Model([v, s, r, k], outputs, name="zoo")


def sequences():
    x = L.Input((3, 4, 4, 2), name="film")
    y = L.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(x)
    y = L.Reshape((12, 8))(y)
    y = L.RNN([L.LSTMCell(3), L.GRUCell(4)], return_sequences=True)(y)
    y = L.RNN(L.SimpleRNNCell(4), return_sequences=True)(y)
    y = L.Attention(score_mode="concat", use_scale=True)([y, y])
    z = L.Reshape((3, 4, 4))(y)
    return keras.Model(x, L.Flatten()(L.MultiHeadAttention(2, 3, attention_axes=(2,))(z, z)))


def deflated(name, to):
    with zipfile.ZipFile(name) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            target.writestr(entry, source.read(entry))


keras.utils.set_random_seed(7)
case("recurrent", recurrent())
case("attention", attention())
case("images", images(), whole=False)
case("zoo", zoo(), whole=False)
case("sequences", sequences())

# A step more of a model that was trained: what its optimizer remembers shows.
mlp = keras.models.load_model("mlp.keras", compile=False)
mlp.compile(keras.optimizers.Adam(0.01), "mse")
mlp.optimizer.build(mlp.trainable_variables)
with zipfile.ZipFile("mlp.keras") as z, h5py.File(io.BytesIO(z.read("model.weights.h5"))) as f:
    for i, variable in enumerate(mlp.optimizer.variables):
        variable.assign(f[f"optimizer/vars/{i}"][()])
x, y = rng.normal(0, 1, (4, 4)).astype("float32").round(3), rng.normal(0, 1, (4, 3)).astype("float32").round(3)
mlp.train_on_batch(x, y)
again = {"x": x.tolist(), "y": y.tolist(), "weights": [w.reshape(-1).tolist() for w in mlp.get_weights()]}
# Two steps more with what other optimizers remember of three.
x3, y3 = rng.normal(0, 1, (4, 3)).astype("float32").round(3), rng.normal(0, 1, (4, 2)).astype("float32").round(3)
optimizers = {"x": x3.tolist(), "y": y3.tolist(), "cases": []}
for name in ["Adadelta", "Nadam", "Ftrl", "Lamb", "Adafactor", "Muon"]:
    m = keras.Sequential([keras.Input((3,)), L.Dense(2, name="d")], name="m")
    m.set_weights([rng.normal(0, 0.5, w.shape) for w in m.weights])
    m.compile(getattr(keras.optimizers, name)(0.05), "mse")
    for _ in range(3):
        m.train_on_batch(x3, y3)
    m.save(f"optimizer-{name.lower()}.keras")
    for _ in range(2):
        m.train_on_batch(x3, y3)
    weights = [[float(f"{v:.9g}") for v in w.reshape(-1).tolist()] for w in m.get_weights()]
    optimizers["cases"].append({"name": name, "file": f"optimizer-{name.lower()}.keras", "weights": weights})
json.dump({"format": 1, "made": f"keras {keras.__version__}, h5py {h5py.__version__}", "cases": cases, "again": again,
           "optimizers": optimizers},
          open("made.json", "w"), separators=(",", ":"))

# The same weights in other forms of HDF5: chunks, compressed; half floats; and the newest form of groups.
with zipfile.ZipFile("attention.keras") as z:
    open("plain.h5", "wb").write(z.read("model.weights.h5"))


def copy(source, target, **options):
    for key, value in source.items():
        if isinstance(value, h5py.Group):
            group = target.create_group(key)
            group.attrs.update(value.attrs)
            copy(value, group, **options)
        else:
            extra = options if value.ndim > 0 and value.size > 1 else {}
            target.create_dataset(key, data=value[...], **extra)


with h5py.File("plain.h5") as source:
    with h5py.File("chunked.weights.h5", "w") as target:
        copy(source, target, chunks=True, compression="gzip", shuffle=True, fletcher32=True)
with zipfile.ZipFile("mlp.keras") as z:
    open("plain.h5", "wb").write(z.read("model.weights.h5"))
with h5py.File("plain.h5") as source, h5py.File("latest.weights.h5", "w", libver="latest") as target:
    copy(source, target)
os.remove("plain.h5")
deflated("attention.keras", "deflated.keras")
deflated("zoo.keras", "new.keras")
os.replace("new.keras", "zoo.keras")
