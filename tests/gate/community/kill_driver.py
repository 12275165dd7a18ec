"""A gate that records passages and delivers them to a webhook until it is killed; it tells what was acknowledged.

    python -m tests.gate.community.kill_driver DATABASE FOLDER URL SECRET PEM RUN PASSAGES

With no PASSAGES left to record it goes on until the outbox is empty, and ends.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from enrollment.accounts import Accounts
from enrollment.database import open_database
from enrollment.keyring import Keyring
from enrollment.notices import Notices
from enrollment.pads import Pads
from enrollment.passes import Passes
from enrollment.phones import Phones
from enrollment.register import Register
from enrollment.requests import Requests
from enrollment.second_factor import SecondFactor
from gate.community.delivery import Clocks, Delivery
from gate.community.event import Allowed, Events
from gate.community.outbox import Outbox
from gate.community.queue import Queue
from gate.community.settings import WebhookPart
from gate.community.webhook import Webhook
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Passage, StaffActs
from gate.ledger.snapshots import Snapshots
from gate.ledger.writer import LedgerWriter
from gate.site import Site


def main() -> None:
    database, folder, url, secret, pem, run, passages = sys.argv[1:]
    engine, keyring, signer = open_database(database), Keyring(b"k" * 32), Signer(b"s" * 32)
    acts, snapshots = StaffActs(signer), Snapshots(Path(folder) / "snapshots", keyring, 30)
    site = Site(
        engine=engine,
        keyring=keyring,
        signer=signer,
        register=Register(engine, keyring, acts),
        accounts=Accounts(engine, acts),
        passes=Passes(engine, keyring, acts),
        phones=Phones(engine, keyring, acts),
        pads=Pads(engine, keyring, acts),
        requests=Requests(engine, acts),
        notices=Notices(engine, acts),
        second_factor=SecondFactor(engine, acts, keyring),
        snapshots=snapshots,
    )
    block = {"id": "office", "kind": "webhook", "url": url, "secret_file": secret, "ca_file": pem, "timeout_s": 2}
    destination = Webhook(WebhookPart.model_validate(block), "幸福小区")
    # A peer that is killed is asked again soon: the test has no minute to wait.
    clocks = Clocks(monotonic=lambda: time.monotonic() * 20, chance=lambda: 1.0)
    delivery = Delivery(Queue(engine, "office"), Events(site, ()), destination, Allowed(), "box", clocks)
    delivery.start()
    writer = LedgerWriter(engine, snapshots, signer=signer, post=Outbox({"office": ("passages",)}).post)
    writer.start()
    for number in range(int(passages)):
        name = f"{run}-{number}"
        entry = Passage(name, datetime.now(UTC), "in", "open", "known_vehicle", f"car-{number % 7}", "r", {})
        seq = writer.submit(entry).result().seq
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
    writer.stop()
    while Queue(engine, "office").standing(datetime.now(UTC)).waiting:
        time.sleep(0.02)
    delivery.stop(10.0)


if __name__ == "__main__":
    main()
