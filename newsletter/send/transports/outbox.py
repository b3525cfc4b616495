"""The outbox: real messages, written as files, for trying things out without a mail server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from newsletter.config import Config
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import build
from newsletter.send.transports.base import Outcome, State, TransportDown
from subscribers.addresses import InvalidAddress


class OutboxTransport:
    """Writes `<outbox>/<newsletter>/<issue>/<message>.eml`: the same message is the same file, however often."""

    name = "outbox"
    at_once = 50
    alike = False

    def __init__(self, config: Config) -> None:
        self._folder = config.outbox

    def submit(self, mailing: Mailing, readers: Sequence[Reader]) -> list[Outcome]:
        """Write one file for each reader, whole or not at all."""
        folder = self._folder / mailing.newsletter_id / mailing.slug
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return [self._write(folder, mailing, reader) for reader in readers]
        except OSError as error:
            raise TransportDown(f"the outbox folder cannot be written to: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, folder: Path, mailing: Mailing, reader: Reader) -> Outcome:
        try:
            data = build(mailing, reader, datetime.now(UTC))
        except InvalidAddress as error:
            return Outcome(reader.ref, State.FAILED, str(error))
        file = folder / f"{reader.ref}.eml"
        draft = file.with_suffix(f".{os.getpid()}.part")
        draft.write_bytes(data)
        draft.replace(file)
        return Outcome(reader.ref, State.SUBMITTED, "written to the outbox")


def open_transport(config: Config) -> OutboxTransport:
    """An outbox for this configuration."""
    return OutboxTransport(config)


def check(config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would."""
    folder = config.outbox
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"the outbox folder {folder} cannot be made: {error.strerror}"
    return "" if os.access(folder, os.W_OK) else f"the outbox folder {folder} cannot be written to"
