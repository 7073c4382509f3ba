"""Training loops of PyTorch for torch.bench.ts: seconds per epoch over samples held in memory, and the peak of the process.

  python torch_loops.py --task lstm|transformer|cnn --batches 32 --n 256 --threads 2 --budget 2

lstm: 64 features over 32 steps, 128 units, dense 10.  transformer: 64 tokens of 64, width 128, two layers of 4 heads and 512,
causal, normalised after each part.  cnn: conv 32 3x3, pool, conv 64 3x3, pool, dense 128, dense 10 on 28x28.  All with Adam
(fused) and cross-entropy."""
import argparse, json, resource, time

options = argparse.ArgumentParser()
options.add_argument("--task"); options.add_argument("--peer"); options.add_argument("--batches", default="32")
options.add_argument("--n", type=int, default=256); options.add_argument("--threads", type=int, default=2)
options.add_argument("--budget", type=float, default=2.0)
given = options.parse_args()
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(given.threads)
torch.manual_seed(0)
N = given.n


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(64, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(64, 128), nn.Parameter(torch.randn(64, 128) * 0.05)
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
        self.blocks, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(128, 64)
        self.mask = nn.Transformer.generate_square_subsequent_mask(64)

    def forward(self, x):
        return self.head(self.blocks(self.tokens(x) + self.places, mask=self.mask, is_causal=True)).transpose(1, 2)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10))


MAKE = {"lstm": Lstm, "transformer": Transformer, "cnn": cnn}
X = {"lstm": lambda: torch.rand(N, 32, 64), "transformer": lambda: torch.randint(64, (N, 64)), "cnn": lambda: torch.rand(N, 1, 28, 28)}
x = X[given.task]()
y = torch.randint(64, (N, 64)) if given.task == "transformer" else torch.randint(10, (N,))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for batch in map(int, given.batches.split(",")):
    model = MAKE[given.task]()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def epoch():
        order = torch.randperm(N)
        for start in range(0, N - N % batch, batch):
            rows = order[start:start + batch]
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()

    epoch()
    times, end = [], time.perf_counter() + given.budget
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times.sort()
    samples = N - N % batch
    print(json.dumps(dict(batch=batch, samples=samples, min_s=times[0], med_s=times[len(times) // 2],
                          megabytes=round((peak - before) / 1024, 1))))
