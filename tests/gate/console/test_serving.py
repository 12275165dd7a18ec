from __future__ import annotations

import socket
import threading

import httpx
import pytest

from gate.config import Console
from gate.console.serving import ConsoleServer
from gate.errors import ConfigRefused
from gate.texts import LANGUAGES, explain
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import Staff


def served(watch: FakeWatch, settings: Console) -> ConsoleServer:
    return ConsoleServer(console_app(watch, Staff(), settings), settings)


def test_a_free_port_is_taken_and_told(watch: FakeWatch) -> None:
    with served(watch, Console(port=0)) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{server.url}healthz", trust_env=False).json() == {"state": "ok"}


def test_every_address_is_told_as_one_that_can_be_typed(watch: FakeWatch) -> None:
    with served(watch, Console(host="0.0.0.0", port=0)) as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_an_error_of_the_configuration(watch: FakeWatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigRefused) as refused:
            served(watch, Console(port=port)).start()
    for language in LANGUAGES:
        assert str(port) in explain(refused.value, language)


def test_stopping_leaves_no_thread_and_no_port(watch: FakeWatch) -> None:
    before = set(threading.enumerate())
    server = served(watch, Console(port=0))
    server.start()
    assert len({thread.name for thread in threading.enumerate()} & {"console", "console-news"}) == 2
    server.stop()
    assert not [
        thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("console")
    ]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}healthz", trust_env=False)


def test_a_server_that_never_started_can_be_stopped(watch: FakeWatch) -> None:
    served(watch, Console(port=0)).stop()
