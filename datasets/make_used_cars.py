"""Writes examples/used-cars.csv: 400 invented offers by a stated rule, with gaps. Needs Python alone."""

import pathlib
import random

ROWS = 400
SEED = 1
NOISE_KEUR = 0.8

# price_kEUR = base of the make + premium of the fuel - 0.9 age_years - 0.05 km_1000 + normal noise of deviation 0.8
BASE = {"Adler": 32, "Brevis": 24, "Corvid": 19}
PREMIUM = {"petrol": 0, "diesel": 1.5, "electric": 5}
PER_YEAR, PER_KM_1000 = -0.9, -0.05

rng = random.Random(SEED)
lines = ["offer,make,fuel,age_years,km_1000,price_kEUR"]
for i in range(ROWS):
    make = rng.choice(list(BASE))
    fuel = rng.choice(list(PREMIUM))
    age = rng.randint(0, 12)
    km = round(age * rng.uniform(5, 20), 1)
    price = BASE[make] + PREMIUM[fuel] + PER_YEAR * age + PER_KM_1000 * km + rng.gauss(0, NOISE_KEUR)
    # Some offers do not say how far the car went, and some not what it burns.
    told = "NA" if rng.random() < 0.05 else f"{km}"
    said = "" if rng.random() < 0.05 else fuel
    lines.append(f'"offer {i}, {make}",{make},{said},{age},{told},{price:.2f}')

path = pathlib.Path(__file__).parent.parent / "examples" / "used-cars.csv"
path.write_text("\n".join(lines) + "\n", newline="\n")
print(path.name, ROWS, "rows")
