"""Invented people, as many as are wanted and the same each time, as a file to import."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

FIRST = (
    "Ada", "Amara", "Björn", "Chloé", "Dilnoza", "Emeka", "Fatima", "Goran", "Hana", "Iñigo", "Jun", "Kalani", "Lucía",
    "Maja", "Nour", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tomasz", "Uma", "Viktor", "Wanjiru", "Xolani", "Yuki",
)  # fmt: skip
LAST = (
    "Abara", "Brandt", "Costa", "Diallo", "Eriksen", "Fontaine", "Grünwald", "Haddad", "Ivanova", "Jensen", "Kimura",
    "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rossi", "Santos", "Tanaka", "Ueda", "Vargas",
)  # fmt: skip
CITIES = ("Berlin", "Bonn", "Cairo", "Dakar", "Lima", "Lisbon", "Osaka", "Oslo", "Quito", "Riga", "Seoul", "Tunis")
HEADER = ("email", "first_name", "last_name", "city", "age")


def people(number: int) -> Iterator[tuple[str, ...]]:
    """Rows of HEADER; every address once, at some thousand domains of which a few hold most people."""
    chance = random.Random(number)  # noqa: S311 - nobody must not guess them
    for at in range(number):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        domain = int(chance.paretovariate(0.6)) % 3000
        local = f"{first}.{last}.{at:x}".encode("ascii", "ignore").decode().lower()
        yield f"{local}@mail{domain}.example.org", first, last, chance.choice(CITIES), str(chance.randint(16, 95))


def write(file: Path, number: int) -> Path:
    """Write a CSV of so many people, and return it."""
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(people(number))
    return file
