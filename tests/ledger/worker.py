"""A process of the tests: takes and gives back at random, and sees to it that nobody else has its devices.

    python -m tests.ledger.worker LEDGER MARKS SEED ROUNDS

In MARKS there is a file for each device in use. To make one that exists is to share a device: exit status 9.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from cod.allocate import NoFit
from cod.ledger import Ledger
from tests.ledger.book import take


def main(path: str, marks: str, seed: str, rounds: str) -> int:
    dice = random.Random(int(seed))
    print(os.getpid(), flush=True)
    for number in range(int(rounds)):
        with Ledger(Path(path)) as ledger:
            for each in range(3):
                name = f"w{os.getpid()}-{number}-{each}"
                try:
                    devices = take(ledger, name, dice.randint(1, 3))
                except NoFit:
                    continue
                if marks:
                    for device in devices:
                        try:
                            (Path(marks) / device).touch(exist_ok=False)
                        except FileExistsError:
                            return 9
                    for device in devices:
                        (Path(marks) / device).unlink()
                ledger.give_back(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
