"""The outbox: real messages, written as files, for trying things out without a mail server."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from newsletter.config import Config
from newsletter.send.compiled import Compiler
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from subscribers.addresses import InvalidAddress


class OutboxTransport:
    """Writes `<outbox>/<newsletter>/<issue>/<message>.eml`: the same message is the same file, however often."""

    at_once = 1

    def __init__(self, name: str, config: Config) -> None:
        self.name, self._folder = name, config.outbox_of(name)
        self._messages = Compiler()

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """Write one file for each reader, whole or not at all."""
        folder = self._folder / mailing.newsletter_id / mailing.slug
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for reader in readers:
                if not self._write(folder, mailing, reader, journal):
                    return
        except OSError as error:
            raise TransportDown(f"the outbox folder cannot be written to: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, folder: Path, mailing: Mailing, reader: Reader, journal: Journal) -> bool:
        try:
            data = self._messages.message(mailing, reader, datetime.now(UTC))
        except InvalidAddress as error:
            journal.answer(Outcome(reader.ref, State.FAILED, str(error), ours=True))
            return True
        file = folder / f"{reader.ref}.eml"
        draft = file.with_suffix(f".{os.getpid()}.part")
        draft.write_bytes(data)
        if not journal.begin(reader.ref):
            draft.unlink()
            return False
        draft.replace(file)
        journal.answer(Outcome(reader.ref, State.SUBMITTED, "written to the outbox"))
        return True


def open_transport(name: str, config: Config) -> OutboxTransport:
    """An outbox for this configuration."""
    return OutboxTransport(name, config)


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would."""
    folder = config.outbox_of(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"the outbox folder {folder} cannot be made: {error.strerror}"
    return "" if os.access(folder, os.W_OK) else f"the outbox folder {folder} cannot be written to"
