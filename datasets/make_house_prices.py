"""Writes datasets/house-prices/house-prices.csv: 60 invented sales by a stated linear rule. Needs Python alone."""

import pathlib
import random

ROWS = 60
SEED = 1
NOISE_KEUR = 12

# price_kEUR = 85 + 3.2 area_m2 + 9 rooms - 0.9 age_years - 6.5 distance_km + normal noise of deviation 12
BASE, PER_M2, PER_ROOM, PER_YEAR, PER_KM = 85, 3.2, 9, -0.9, -6.5

rng = random.Random(SEED)
lines = ["area_m2,rooms,age_years,distance_km,price_kEUR"]
for _ in range(ROWS):
    area = rng.randint(38, 190)
    rooms = max(1, round(area / 28 + rng.uniform(-1, 1)))
    age = rng.randint(0, 75)
    distance = round(rng.uniform(0.5, 18), 1)
    price = BASE + PER_M2 * area + PER_ROOM * rooms + PER_YEAR * age + PER_KM * distance + rng.gauss(0, NOISE_KEUR)
    lines.append(f"{area},{rooms},{age},{distance},{price:.1f}")

path = pathlib.Path(__file__).parent / "house-prices" / "house-prices.csv"
path.parent.mkdir(exist_ok=True)
path.write_text("\n".join(lines) + "\n", newline="\n")
print(path.name, ROWS, "rows")
