"""A real SFTP server on a folder, in a thread of its own, that may be full, slow or gone in the middle."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh


@dataclass
class SftpPeer:
    """`written` is called with each piece of a file before it is kept: it may raise, or cut the line."""

    folder: Path
    key: asyncssh.SSHKey
    clients: str = ""
    port: int = 0
    trouble: str = ""
    lines: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    opened: list[Any] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        return self.key.get_fingerprint()


@contextmanager
def sftp_serving(folder: Path, clients: str = "") -> Iterator[SftpPeer]:
    """A server that lets `gate` in with the password `right`, or with one of these public keys."""
    peer = SftpPeer(folder, asyncssh.generate_private_key("ssh-ed25519"), clients)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listen(peer), loop).result(10)
    peer.port = server.sockets[0].getsockname()[1]
    yield peer
    asyncio.run_coroutine_threadsafe(_end(server, peer), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def _listen(peer: SftpPeer) -> Any:
    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            peer.lines.append(conn)

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("gate", "right")

    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(chan, chroot=str(peer.folder).encode())

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            opened = super().open(path, pflags, attrs)
            peer.opened.append(opened)
            return opened

        async def write(self, file_obj: object, offset: int, data: bytes) -> int:
            if peer.trouble == "full":
                raise asyncssh.SFTPFailure("No space left on device")
            if peer.trouble == "slow":
                await asyncio.sleep(3600)
            if peer.trouble == "gone":
                for line in peer.lines:
                    line.abort()
            return super().write(file_obj, offset, data)  # type: ignore[return-value]

    keys = asyncssh.import_authorized_keys(peer.clients) if peer.clients else None
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[peer.key],
        authorized_client_keys=keys,
        sftp_factory=Files,
        allow_scp=False,
    )


async def _end(server: Any, peer: SftpPeer) -> None:
    server.close()
    for line in peer.lines:
        line.abort()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for file in peer.opened:
        file.close()
