"""The Secure Channel (annex D of SIA OSDP 2.2): AES-128 keys of a session, a MAC on each packet, encrypted data."""

from __future__ import annotations

import hmac
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gate.reader.osdp.packet import Block, Packet

KEY_BYTES = 16
RANDOM_BYTES = 8
DEFAULT_KEY = bytes(range(0x30, 0x40))
"""SCBK-D, the key that every reader comes with and that everybody knows."""

CHALLENGE, CRYPTOGRAM, SERVER_CRYPTOGRAM, FIRST_MAC = 0x11, 0x12, 0x13, 0x14
_PLAIN = {False: 0x15, True: 0x16}
_ENCRYPTED = {False: 0x17, True: 0x18}
"""The blocks of commands and replies."""
_END = 0x80
_BLOCK = 16


def _aes(key: bytes, block: bytes) -> bytes:
    one = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - single blocks, as the standard derives keys
    return one.update(block) + one.finalize()


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)


class Channel:
    """One session, the same for either end: both derive it from the key and the two random numbers.

    `seal` and `open` must be called for each packet in turn: each MAC depends on the one before it, so that no packet
    of before, and none of another session, is ever right again.
    """

    def __init__(self, key: bytes, panel_random: bytes, reader_random: bytes) -> None:
        """`key` has 16 bytes, each random number 8."""
        seed = panel_random[:6] + bytes(8)
        self._encryption = _aes(key, b"\x01\x82" + seed)
        self._mac_1 = _aes(key, b"\x01\x01" + seed)
        self._mac_2 = _aes(key, b"\x01\x02" + seed)
        self.reader_cryptogram = _aes(self._encryption, panel_random + reader_random)
        self.panel_cryptogram = _aes(self._encryption, reader_random + panel_random)
        self.first_mac = _aes(self._mac_2, _aes(self._mac_1, self.panel_cryptogram))
        self._before = self.first_mac
        """The whole MAC of the packet before: of the other direction's, where they take turns as they must."""

    def seal(self, packet: Packet) -> Packet:
        """The packet as it goes out: its data encrypted, its MAC in place."""
        kinds = _ENCRYPTED if packet.data else _PLAIN
        data = self._encrypted(packet.data) if packet.data else b""
        sealed = replace(packet, block=Block(kinds[packet.reply]), data=data)
        self._before = self._mac(sealed.covered)
        return sealed.with_mac(self._before)

    def open(self, packet: Packet) -> Packet | None:
        """The packet as it was meant; None for one that the other end has not sent as the next one."""
        if packet.block is None or packet.block.kind not in {_PLAIN[packet.reply], _ENCRYPTED[packet.reply]}:
            return None
        mac = self._mac(packet.covered)
        if not hmac.compare_digest(mac[: len(packet.mac)], packet.mac):
            return None
        data: bytes | None = packet.data
        if packet.block.kind == _ENCRYPTED[packet.reply]:
            data = self._decrypted(packet.data)
        if data is None:
            return None
        self._before = mac
        return replace(packet, data=data)

    def _mac(self, covered: bytes) -> bytes:
        whole = covered if len(covered) % _BLOCK == 0 else _padded(covered + bytes((_END,)))
        chain = self._before
        if head := whole[:-_BLOCK]:
            chain = self._cbc(self._mac_1, chain, head)[-_BLOCK:]
        return self._cbc(self._mac_2, chain, whole[-_BLOCK:])

    def _encrypted(self, data: bytes) -> bytes:
        return self._cbc(self._encryption, self._inverted(), _padded(data + bytes((_END,))))

    def _decrypted(self, data: bytes) -> bytes | None:
        if not data or len(data) % _BLOCK:
            return None
        one = Cipher(algorithms.AES(self._encryption), modes.CBC(self._inverted())).decryptor()
        plain = (one.update(data) + one.finalize()).rstrip(b"\0")
        return plain[:-1] if plain.endswith(bytes((_END,))) else None

    def _inverted(self) -> bytes:
        return bytes(byte ^ 0xFF for byte in self._before)

    @staticmethod
    def _cbc(key: bytes, start: bytes, data: bytes) -> bytes:
        one = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
        return one.update(data) + one.finalize()
