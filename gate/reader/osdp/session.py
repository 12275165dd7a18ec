"""One reader as the panel sees it: from the first packet to being polled, and what is made of each answer."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from typing import ClassVar

from gate.errors import ReaderFault
from gate.reader.osdp import words
from gate.reader.osdp.channel import (
    CHALLENGE,
    CRYPTOGRAM,
    DEFAULT_KEY,
    FIRST_MAC,
    RANDOM_BYTES,
    SERVER_CRYPTOGRAM,
    Channel,
)
from gate.reader.osdp.keys import Keys
from gate.reader.osdp.packet import Block, Packet
from gate.reader.osdp.words import Command, Nak, Reply
from gate.reader.reader import Condition, Feedback, Misread, ReaderEvent, ReaderState

POLL_EVERY_S = 0.1
STATUS_EVERY = 100
"""Every so many polls its contacts are asked for: not every reader tells of them by itself."""
TRIES = 4
"""A command is sent so often before its reader is lost: at 0.2 s each that takes less than a second."""
AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""How long a lost reader is left alone before it is tried again; the last one for ever."""
STEADY_S = 10.0
"""A reader that has answered rightly for so long is tried again quickly the next time."""
BUSY_S = 0.2
MOST_BUSY = 25
MOST_WAITING = 4


class Step(Enum):
    """Where a session stands: what the next packet is about."""

    ASLEEP = "asleep"
    WHO = "who"
    ABILITIES = "abilities"
    CHALLENGED = "challenged"
    PROVING = "proving"
    GIVING_KEY = "giving_key"
    STATUS = "status"
    POLLED = "polled"


class Session:
    """Makes commands and takes replies; the line carries them. Times are monotonic seconds.

    With a key, nothing is believed that did not come through the Secure Channel, and there is no way back to speaking
    in the clear. A card that was read while the reader was cut off opens nothing: what it tells before its first
    "nothing new" is passed over.
    """

    def __init__(
        self, reader: str, address: int, keys: Callable[[], Keys], random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """`keys` is asked each time the reader is spoken to anew, and raises `ReaderFault` where there are none."""
        self.reader = reader
        self.address = address
        self._ask_keys = keys
        self._keys = Keys()
        self._random = random
        self._step = Step.ASLEEP
        self._due_s = float("-inf")
        self._sequence = 0
        self._crc = True
        self._sent: bytes | None = None
        self._tries = self._busy = self._failures = 0
        self._garbled = False
        self._channel: Channel | None = None
        self._challenge = b""
        self._default_key = False
        self._fresh = True
        self._waiting: deque[tuple[Command, bytes]] = deque(maxlen=MOST_WAITING)
        self._unable: set[Command] = set()
        self._polls = 0
        self._steady_s = float("inf")
        self._asked = Command.POLL
        self.condition = Condition(reader, ReaderState.CONNECTING)

    @property
    def due_s(self) -> float:
        """When it is to be asked next."""
        return self._due_s

    def show(self, feedback: Feedback) -> None:
        """Have it shown with the next packets; only the newest matters. May be called from any thread."""
        for command, data in ((Command.LED, words.lamp(feedback)), (Command.BUZ, words.tone(feedback))):
            if self._step is Step.POLLED and command not in self._unable:
                self._waiting.append((command, data))

    def command(self) -> bytes:
        """The next packet, or the same one again where it was not answered. Call it when it is due.

        Raises:
            ReaderFault: the reader's key cannot be read; `unusable` is to be told.
        """
        if self._step is Step.ASLEEP:
            self._keys = self._ask_keys()
            self._begin()
        if self._sent is None:
            self._asked, data, block = self._next()
            packet = Packet(self.address, self._sequence, self._asked, data, block=block, crc=self._crc)
            if self._channel is not None and block is None:
                packet = self._channel.seal(packet)
            self._sent = packet.encoded()
        self._tries += 1
        return self._sent

    def unusable(self, fault: ReaderFault, now_s: float) -> list[ReaderEvent]:
        """There is no key to speak with."""
        return self._lost(now_s, fault.code, tuple(fault.facts.items()))

    def silence(self, now_s: float, *, garbled: bool) -> list[ReaderEvent]:
        """No answer came in time; `garbled` where something came that is no packet, as where two answer at once."""
        self._garbled = self._garbled or garbled
        if self._tries < TRIES:
            return []
        if self.condition.state is not ReaderState.ONLINE:
            self._crc = not self._crc  # an old reader may know checksums alone
        return self._lost(now_s, "reader.garbled" if self._garbled else "reader.silent")

    def take(self, packet: Packet, now_s: float) -> list[ReaderEvent] | None:
        """What an answer means; None for a packet that is no answer to what was asked, and the wait goes on."""
        if not packet.reply or packet.address != self.address or self._sent is None:
            return None
        if packet.code == Reply.BUSY and packet.block is None:
            return self._is_busy(now_s)
        if packet.sequence != self._sequence and packet.code != Reply.NAK:
            return None
        if self._channel is not None and self._secured:
            opened = self._channel.open(packet)
            if opened is None:
                return self._forged(packet, now_s)
            packet = opened
        elif packet.block is not None and packet.block.has_mac:
            return None
        self._sent, self._tries, self._busy, self._garbled = None, 0, 0, False
        self._sequence = self._sequence % 3 + 1
        self._due_s = now_s
        if packet.code == Reply.NAK:
            return self._refused(packet.data[0] if packet.data else 0, now_s)
        return self._STEPS[self._step](self, packet, now_s)

    @property
    def _secured(self) -> bool:
        return self._step in {Step.GIVING_KEY, Step.STATUS, Step.POLLED}

    def _begin(self) -> None:
        self._step, self._sequence, self._channel, self._sent = Step.WHO, 0, None, None
        self._tries, self._busy, self._garbled = 0, 0, False
        self._waiting.clear()
        self._fresh, self._steady_s = True, float("inf")

    def _next(self) -> tuple[Command, bytes, Block | None]:
        match self._step:
            case Step.WHO:
                return Command.ID, b"\0", None
            case Step.ABILITIES:
                return Command.CAP, b"\0", None
            case Step.CHALLENGED:
                self._challenge = self._random(RANDOM_BYTES)
                return Command.CHLNG, self._challenge, Block(CHALLENGE, self._which_key)
            case Step.PROVING:
                assert self._channel is not None  # noqa: S101 - the step before made it
                return Command.SCRYPT, self._channel.panel_cryptogram, Block(SERVER_CRYPTOGRAM, self._which_key)
            case Step.GIVING_KEY:
                own = self._keys.own or b""
                return Command.KEYSET, bytes((1, len(own))) + own, None
            case Step.STATUS:
                return Command.LSTAT, b"", None
        if self._waiting:
            command, data = self._waiting.popleft()
            return command, data, None
        self._polls = (self._polls + 1) % STATUS_EVERY
        status_due = self._polls == 0 and Command.LSTAT not in self._unable
        return (Command.LSTAT if status_due else Command.POLL), b"", None

    @property
    def _which_key(self) -> bytes:
        return b"\0" if self._default_key else b"\1"

    def _is_busy(self, now_s: float) -> list[ReaderEvent]:
        self._busy += 1
        if self._busy > MOST_BUSY:
            return self._lost(now_s, "reader.silent")
        self._tries, self._due_s = 0, now_s + BUSY_S
        return []

    def _forged(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        """Not what the reader has sent as its next packet: an old one again, another's, or it has begun anew."""
        if packet.code == Reply.NAK and packet.block is None:
            return self._again(now_s)
        return [Misread(self.reader, "forged"), *self._again(now_s)]

    def _again(self, now_s: float) -> list[ReaderEvent]:
        """Begin anew at once, and more and more slowly where that goes on; the reader is not lost by it yet."""
        self._failures += 1
        if self._failures >= TRIES:
            return self._lost(now_s, "reader.out_of_step")
        self._step, self._sent, self._due_s = Step.ASLEEP, None, now_s
        return []

    def _lost(self, now_s: float, fault: str, facts: tuple[tuple[str, object], ...] = ()) -> list[ReaderEvent]:
        self._step, self._sent, self._channel = Step.ASLEEP, None, None
        self._due_s = now_s + AGAIN_S[min(self._failures, len(AGAIN_S) - 1)]
        self._failures += 1
        self._default_key = False
        self._waiting.clear()
        facts = facts or (("address", self.address),)
        return self._changed(Condition(self.reader, ReaderState.LOST, fault, facts, model=self.condition.model))

    def _changed(self, condition: Condition) -> list[ReaderEvent]:
        if condition == self.condition:
            return []
        self.condition = condition
        return [condition]

    def _refused(self, why: int, now_s: float) -> list[ReaderEvent]:
        if self._step is Step.POLLED and why not in {Nak.SEQUENCE, Nak.BLOCK, Nak.INSECURE}:
            if self._asked is not Command.POLL:
                self._unable.add(self._asked)
            self._due_s = now_s + POLL_EVERY_S
            return []
        if self._step is Step.STATUS and why not in {Nak.SEQUENCE, Nak.BLOCK, Nak.INSECURE}:
            return self._polled_from_now(False, False)
        if self._step in {Step.CHALLENGED, Step.PROVING}:
            return self._key_refused(now_s)
        if self._step is Step.GIVING_KEY:
            return self._lost(now_s, "reader.key_not_taken")
        if why == Nak.CHECK:
            self._crc = not self._crc
        if self._keys.own is None and why in {Nak.BLOCK, Nak.INSECURE}:
            return self._lost(now_s, "reader.wants_a_key")
        return self._again(now_s)

    def _key_refused(self, now_s: float) -> list[ReaderEvent]:
        if self._keys.install and not self._default_key:
            self._default_key, self._step, self._channel = True, Step.CHALLENGED, None
            return []
        return self._lost(now_s, "reader.key_refused")

    def _who(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        told = words.identity(packet.data) if packet.code == Reply.PDID else None
        if told is None:
            return self._again(now_s)
        self.condition = replace(self.condition, model=str(told))
        self._step = Step.ABILITIES
        return []

    def _abilities(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        if packet.code != Reply.PDCAP:
            return self._again(now_s)
        if self._keys.own is None:
            self._step = Step.STATUS
        elif words.speaks_aes(packet.data):
            self._step = Step.CHALLENGED
        else:
            return self._lost(now_s, "reader.not_secure")
        return []

    def _challenged(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        right = packet.code == Reply.CCRYPT and packet.block is not None and packet.block.kind == CRYPTOGRAM
        if not right or len(packet.data) != 32:
            return self._again(now_s)
        key = DEFAULT_KEY if self._default_key else self._keys.own or b""
        channel = Channel(key, self._challenge, packet.data[8:16])
        if not hmac.compare_digest(channel.reader_cryptogram, packet.data[16:]):
            return self._key_refused(now_s)
        self._channel, self._step = channel, Step.PROVING
        return []

    def _proving(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        right = packet.code == Reply.RMAC_I and packet.block is not None and packet.block.kind == FIRST_MAC
        if not right or self._channel is None or not hmac.compare_digest(packet.data, self._channel.first_mac):
            return self._key_refused(now_s)
        self._step = Step.GIVING_KEY if self._default_key else Step.STATUS
        return []

    def _giving_key(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        if packet.code != Reply.ACK:
            return self._lost(now_s, "reader.key_not_taken")
        self._default_key = False
        self._begin()
        return []

    def _status(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        told = words.status(packet.data) if packet.code == Reply.LSTATR else None
        return self._polled_from_now(*told) if told is not None else self._again(now_s)

    def _polled_from_now(self, tampered: bool, unpowered: bool) -> list[ReaderEvent]:  # noqa: FBT001 - as LSTATR has it
        self._step = Step.POLLED
        return self._changed(self._online(tampered, unpowered))

    def _online(self, tampered: bool, unpowered: bool) -> Condition:  # noqa: FBT001 - as LSTATR has it
        secure = self._channel is not None
        state, model = ReaderState.ONLINE, self.condition.model
        return Condition(self.reader, state, None, (), secure, tampered, unpowered, model)

    def _polled(self, packet: Packet, now_s: float) -> list[ReaderEvent]:
        self._steady_s = min(self._steady_s, now_s + STEADY_S)
        if now_s >= self._steady_s:
            self._failures = 0
        if not self._waiting:
            self._due_s = now_s + POLL_EVERY_S
        if packet.code == Reply.LSTATR:
            told = words.status(packet.data)
            return self._changed(self._online(*told)) if told is not None else [Misread(self.reader, "content")]
        if packet.code == Reply.ACK:
            if self._asked is Command.POLL:
                self._fresh = False
            return []
        reads = {Reply.RAW: words.card_bits, Reply.FMT: words.card_text, Reply.KEYPAD: words.keys_pressed}
        read = next((make for code, make in reads.items() if code == packet.code), None)
        self._due_s = now_s
        if read is None:
            return []
        told_of = None if self._fresh else read(self.reader, packet.data, now_s)
        why = "late" if self._fresh else "content"
        return [told_of] if told_of is not None else [Misread(self.reader, why)]

    _STEPS: ClassVar[Mapping[Step, Callable[[Session, Packet, float], list[ReaderEvent]]]] = {
        Step.WHO: _who,
        Step.ABILITIES: _abilities,
        Step.CHALLENGED: _challenged,
        Step.PROVING: _proving,
        Step.GIVING_KEY: _giving_key,
        Step.STATUS: _status,
        Step.POLLED: _polled,
    }
