"""What a Modbus board's url says, and what it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.barrier.board.modbus_settings import ModbusSettings, SerialLink, TcpLink
from gate.errors import ConfigRefused
from gate.texts import catalogue


def test_a_url_says_everything() -> None:
    assert ModbusSettings.from_url("modbus://192.0.2.20?unit=3&timeout_s=0.5", 2) == ModbusSettings(
        TcpLink("192.0.2.20", 502), unit=3, inputs=2, timeout_s=0.5
    )
    rtu = ModbusSettings.from_url("modbus-rtu:/dev/ttyUSB0?baud=19200&unit=1&parity=E&input_at=16")
    assert rtu == replace(ModbusSettings(SerialLink("/dev/ttyUSB0", 19200, "E")), input_at=16)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("modbus://192.0.2.20?unti=1", "board.unknown_key"),
        ("modbus://192.0.2.20?baud=9600", "board.unknown_key"),
        ("modbus://192.0.2.20?unit=0", "board.bad_value"),
        ("modbus://192.0.2.20?unit=x", "board.bad_value"),
        ("modbus://192.0.2.20?timeout_s=30", "board.bad_value"),
        ("modbus://192.0.2.20?timeout_s=soon", "board.bad_url"),
        ("modbus://192.0.2.20:port", "board.bad_url"),
        ("modbus://[half", "board.bad_url"),
        ("modbus:", "board.bad_url"),
        ("modbus-rtu:", "board.bad_url"),
        ("modbus-rtu:/dev/ttyUSB0?parity=X", "board.bad_value"),
        ("modbus-rtu:/dev/ttyUSB0?baud=3", "board.bad_value"),
    ],
)
def test_a_url_that_cannot_be_is_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        ModbusSettings.from_url(url)
    assert refused.value.code == code
    assert code in catalogue()
