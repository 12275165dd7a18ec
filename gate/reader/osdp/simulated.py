"""A simulated OSDP reader: the peripheral's side of the protocol, which fails as readers on a line do."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum

from gate.reader.osdp import words
from gate.reader.osdp.channel import (
    CHALLENGE,
    CRYPTOGRAM,
    DEFAULT_KEY,
    FIRST_MAC,
    KEY_BYTES,
    SERVER_CRYPTOGRAM,
    Channel,
)
from gate.reader.osdp.packet import ANYBODY, Block, Packet
from gate.reader.osdp.words import Command, Nak, Reply
from gate.reader.reader import Feedback

MAKER = bytes.fromhex("00164d")
_COLOURS = {2: Feedback.ACCEPTED, 1: Feedback.REFUSED, 3: Feedback.ASK}


class Trouble(StrEnum):
    """What can be wrong with a reader, its cable or what somebody does to that."""

    SILENT = "silent"
    NOISE = "noise"
    WRONG_CRC = "wrong-crc"
    REPLAY = "replay"


class SimulatedReader:
    """One reader. `present`, `press` and the rest may be called from any thread.

    With a `key` it speaks to nobody who does not know it; a `fresh` one knows only the key that everybody knows, until
    it is given its own. Without either it cannot encrypt. `shown` is what its lamp has been told, `beeps` counts tones.
    """

    def __init__(
        self,
        address: int = 0,
        key: bytes | None = None,
        *,
        fresh: bool = False,
        checksums_only: bool = False,
        has_lamp: bool = True,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.address = address
        self.key = DEFAULT_KEY if fresh else key
        self.trouble: Trouble | None = None
        self.shown: list[Feedback] = []
        self.beeps = 0
        self._checksums_only = checksums_only
        self._has_lamp = has_lamp
        self._random = random
        self._lock = threading.Lock()
        self._told: deque[tuple[Reply, bytes]] = deque(maxlen=16)
        self._tampered = self._unpowered = False
        self._recorded: bytes | None = None
        self._power_cut()

    def present(self, number: int, bits: int) -> None:
        """Hold a card to it: its bits as they would go over D0 and D1."""
        sent = (number << (-bits % 8)).to_bytes(-(-bits // 8))
        self._say(Reply.RAW, bytes((0, 1)) + bits.to_bytes(2, "little") + sent)

    def present_text(self, text: str) -> None:
        """Hold a card to a reader that formats the number itself."""
        self._say(Reply.FMT, bytes((0, 0, len(text))) + text.encode("ascii"))

    def press(self, keys: str) -> None:
        """Press keys: digits, `*` and `#`."""
        self._say(Reply.KEYPAD, bytes((0, len(keys), *words.keys_sent(keys))))

    def tamper(self, *, opened: bool) -> None:
        """Take it off the wall, or put it back."""
        self._tampered = opened
        self._say(Reply.LSTATR, self._status())

    def cut(self) -> None:
        """Its power fails and comes back: it has forgotten everything but its key."""
        with self._lock:
            self._power_cut()

    def answer(self, packet: Packet) -> bytes | None:
        """What it puts on the line for a packet that was on it; None where it says nothing."""
        with self._lock:
            return self._answer(packet)

    def _power_cut(self) -> None:
        self._told.clear()
        self._channel: Channel | None = None
        self._sequence = -1
        self._last: tuple[bytes, bytes] | None = None
        self._challenged: Channel | None = None

    def _say(self, code: Reply, data: bytes) -> None:
        with self._lock:
            self._told.append((code, data))

    def _answer(self, packet: Packet) -> bytes | None:
        if packet.reply or packet.address not in {self.address, ANYBODY} or self.trouble is Trouble.SILENT:
            return None
        if self._checksums_only and packet.crc:
            return None
        told = packet.encoded()
        if self._last is not None and self._last[0] == told and packet.sequence:
            return self._spoilt(self._last[1])
        if packet.sequence == 0:
            self._channel = None
        elif packet.sequence != self._sequence % 3 + 1:
            return self._nak(packet, Nak.SEQUENCE)
        replays = self.trouble is Trouble.REPLAY and packet.code == Command.POLL
        if replays and self._recorded is not None and self._recorded[4] & 3 == packet.sequence:
            return self._recorded
        self._sequence = packet.sequence
        answer = self._said(packet)
        self._last = (told, answer)
        return self._spoilt(answer)

    def _said(self, packet: Packet) -> bytes:
        command: Packet | None = packet
        if packet.block is not None and packet.block.has_mac:
            command = self._channel.open(packet) if self._channel is not None else None
            if command is None:
                self._channel = None
                return self._nak(packet, Nak.INSECURE)
        elif self.key not in {None, DEFAULT_KEY} and packet.code not in {
            Command.ID,
            Command.CAP,
            Command.CHLNG,
            Command.SCRYPT,
        }:
            self._channel = None
            return self._nak(packet, Nak.INSECURE)
        code, data, block = self._carried_out(command or packet)
        reply = Packet(self.address, packet.sequence, code, data, reply=True, block=block, crc=packet.crc)
        if block is None and self._channel is not None and packet.block is not None and packet.block.has_mac:
            reply = self._channel.seal(reply)
        if block is not None and block.kind == FIRST_MAC:
            self._channel, self._challenged = self._challenged, None
        sent = reply.encoded()
        if code == Reply.RAW:
            self._recorded = sent
        return sent

    def _carried_out(self, command: Packet) -> tuple[int, bytes, Block | None]:
        match command.code:
            case Command.POLL:
                code, data = self._told.popleft() if self._told else (Reply.ACK, b"")
                return code, data, None
            case Command.ID:
                return Reply.PDID, MAKER + bytes((7, 1)) + (4711).to_bytes(4, "little") + bytes((1, 2, 3)), None
            case Command.CAP:
                aes = bytes((words.SECURITY, int(self.key is not None), 0))
                return Reply.PDCAP, bytes((3, 1, 0, 4, 1, 1, 5, 1, 1, 8, 1, 0)) + aes, None
            case Command.LSTAT:
                return Reply.LSTATR, self._status(), None
            case Command.LED | Command.BUZ if self._has_lamp:
                self._show(command)
                return Reply.ACK, b"", None
            case Command.KEYSET if self._channel is not None and len(command.data) == 2 + KEY_BYTES:
                self.key = command.data[2:]
                return Reply.ACK, b"", None
            case Command.CHLNG | Command.SCRYPT if self.key is not None and command.block is not None:
                return self._handshake(command, command.block)
        return Reply.NAK, bytes((Nak.UNKNOWN,)), None

    def _handshake(self, command: Packet, block: Block) -> tuple[int, bytes, Block | None]:
        key = DEFAULT_KEY if block.data == b"\0" else self.key
        if block.kind == CHALLENGE and key == self.key and key is not None:
            random = self._random(8)
            self._channel, self._challenged = None, Channel(key, command.data, random)
            return Reply.CCRYPT, bytes(8) + random + self._challenged.reader_cryptogram, Block(CRYPTOGRAM, block.data)
        challenged = self._challenged
        if block.kind != SERVER_CRYPTOGRAM or challenged is None:
            return Reply.NAK, bytes((Nak.BLOCK,)), None
        if hmac.compare_digest(command.data, challenged.panel_cryptogram):
            return Reply.RMAC_I, challenged.first_mac, Block(FIRST_MAC, b"\1")
        return Reply.NAK, bytes((Nak.BLOCK,)), None

    def _show(self, command: Packet) -> None:
        if command.code == Command.BUZ:
            self.beeps += 1
        elif (feedback := _COLOURS.get(command.data[5])) is not None:
            self.shown.append(feedback)

    def _nak(self, packet: Packet, why: Nak) -> bytes:
        said = Packet(self.address, packet.sequence, Reply.NAK, bytes((why,)), reply=True, crc=packet.crc)
        return said.encoded()

    def _status(self) -> bytes:
        return bytes((int(self._tampered), int(self._unpowered)))

    def _spoilt(self, answer: bytes) -> bytes:
        if self.trouble is Trouble.WRONG_CRC:
            return answer[:-1] + bytes((answer[-1] ^ 0x55,))
        if self.trouble is Trouble.NOISE:
            return bytes.fromhex("00ff53010053ff07005300") + answer + b"\xff\x00"
        return answer


def answers(readers: Iterable[SimulatedReader], packet: Packet) -> bytes:
    """What several readers of one line put on it for a packet."""
    return b"".join(answer for reader in readers if (answer := reader.answer(packet)) is not None)
