"""A folder on an SFTP server whose key is known beforehand: files come whole or not at all, within a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncssh

from gate.community.destination import Away
from gate.community.settings import FilesPart
from gate.password_file import read_password, read_private

PORT = 22
CHUNK = 256 * 1024
GOODBYE_S = 1.0
NO_ROOM = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)


class _OneKey(asyncssh.SSHClient):
    """Believes one key alone, by its fingerprint, and can hang up at any time."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._line: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._line = conn

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.abort()

    def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey) -> bool:
        return key.get_fingerprint() == self._fingerprint


class Sftp:
    """One folder there. A connection is made for each `put` and not kept."""

    def __init__(self, part: FilesPart) -> None:
        url = urlsplit(part.url or "")
        self._part = part
        self._host, self._port = url.hostname or "", url.port or PORT
        self._folder = url.path.rstrip("/") or "/"
        self.address = f"sftp://{self._host}:{self._port}{url.path}"

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write each under another name, then rename it. Raises `Away`."""
        try:
            asyncio.run(self._within_time(files))
        except TimeoutError:
            raise self._away("no_answer", TimeoutError()) from None
        except asyncssh.HostKeyNotVerifiable as other:
            raise self._away("host_key", other) from None
        except asyncssh.PermissionDenied as refused:
            raise self._away("sign_in", refused) from None
        except asyncssh.SFTPError as unwritten:
            raise self._away("no_room" if isinstance(unwritten, NO_ROOM) else "folder", unwritten) from None
        except asyncssh.Error as lost:
            raise self._away("no_answer", lost) from None
        except OSError as absent:
            raise self._away("unreachable", absent) from None

    def _away(self, code: str, why: Exception) -> Away:
        return Away(f"community.{code}", address=self.address, why=type(why).__name__)

    async def _within_time(self, files: Sequence[tuple[str, bytes]]) -> None:
        # What the library's own tasks say of a line that was cut is said by our fault already.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        client = _OneKey(self._part.host_key or "")
        putting = asyncio.create_task(self._put(client, files))
        done, _ = await asyncio.wait({putting}, timeout=self._part.timeout_s)
        if not done:
            # Cancelled alone it would wait for the peer to say goodbye.
            client.hang_up()
            putting.cancel()
            await asyncio.wait({putting}, timeout=GOODBYE_S)
            raise TimeoutError
        await putting

    async def _put(self, client: _OneKey, files: Sequence[tuple[str, bytes]]) -> None:
        part = self._part
        password = read_password(part.password_file, Away) if part.password_file else None
        line = await asyncssh.connect(
            self._host,
            self._port,
            username=part.username,
            password=password,
            client_keys=[self._key()] if part.key_file else None,
            client_factory=lambda: client,
            known_hosts=([], [], []),
            config=None,
            agent_path=None,
            gss_host=None,
            x509_trusted_certs=None,
        )
        async with line, line.start_sftp_client() as sftp:
            for name, content in files:
                await self._put_one(sftp, name, content)

    async def _put_one(self, sftp: asyncssh.SFTPClient, name: str, content: bytes) -> None:
        part, whole = f"{self._folder}/.{name}.part", f"{self._folder}/{name}"
        try:
            async with sftp.open(part, "wb") as file:
                for start in range(0, len(content), CHUNK):
                    await file.write(content[start : start + CHUNK])
                with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
            await sftp.posix_rename(part, whole)
        except asyncssh.SFTPError:
            with contextlib.suppress(asyncssh.SFTPError):
                await sftp.remove(part)
            raise

    def _key(self) -> asyncssh.SSHKey:
        path = self._part.key_file
        assert path is not None  # noqa: S101 - asked for only where there is one
        try:
            return asyncssh.import_private_key(read_private(path, Away))
        except asyncssh.KeyImportError:
            raise Away("community.key_file", path=path) from None
