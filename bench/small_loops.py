"""Loops of JAX and PyTorch for small-models.bench.ts: seconds of so many steps, one call of the framework a step.

  python small_loops.py --task logistic|linear --peer jax|torch --batches 1 --n 500 --threads 2 --budget 2

logistic: 10 features, one sample a step, binary cross-entropy.  linear: 47 samples of 2 features, mean squared error.
Plain gradient descent."""
import argparse, json, time

options = argparse.ArgumentParser()
options.add_argument("--task"); options.add_argument("--peer"); options.add_argument("--batches", default="1")
options.add_argument("--n", type=int, default=500); options.add_argument("--threads", type=int, default=2)
options.add_argument("--budget", type=float, default=2.0)
given = options.parse_args()
import numpy as np

FEATURES, ROWS = (10, 1) if given.task == "logistic" else (2, 47)
random = np.random.default_rng(0)
X = random.standard_normal((given.n, ROWS, FEATURES)).astype(np.float32)
Y = (X[..., :1] > 0).astype(np.float32) if given.task == "logistic" else X[..., :1] * 2 - X[..., 1:2] + 0.5
if given.task == "linear":
    X[:], Y = X[:1], np.broadcast_to(Y[:1], Y.shape)


def jax_run():
    import jax
    from jax import numpy as jnp

    def loss(p, x, y):
        z = x @ p[0] + p[1]
        return jnp.mean(jnp.logaddexp(0, z) - y * z if given.task == "logistic" else (z - y) ** 2)

    step = jax.jit(lambda p, x, y: jax.tree.map(lambda w, g: w - 0.01 * g, p, jax.grad(loss)(p, x, y)))
    batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in zip(X, Y)]

    def run():
        p = (jnp.zeros((FEATURES, 1)), jnp.zeros(1))
        for x, y in batches:
            p = step(p, x, y)
        jax.block_until_ready(p)

    return run


def torch_run():
    import torch

    torch.set_num_threads(given.threads)
    layer = torch.nn.Linear(FEATURES, 1)
    sgd = torch.optim.SGD(layer.parameters(), lr=0.01)
    loss = torch.nn.BCEWithLogitsLoss() if given.task == "logistic" else torch.nn.MSELoss()
    batches = [(torch.from_numpy(x.copy()), torch.from_numpy(y.copy())) for x, y in zip(X, Y)]

    def run():
        for x, y in batches:
            sgd.zero_grad()
            loss(layer(x), y).backward()
            sgd.step()

    return run


run = jax_run() if given.peer == "jax" else torch_run()
run()
times, end = [], time.perf_counter() + given.budget
while time.perf_counter() < end or len(times) < 3:
    start = time.perf_counter()
    run()
    times.append(time.perf_counter() - start)
times.sort()
print(json.dumps(dict(batch=int(given.batches), samples=given.n, min_s=times[0], med_s=times[len(times) // 2])))
