"""Random commands over a real Modbus connection that loses answers, garbles them and goes away.

Nothing is lost, nothing is done twice, and "up" and "down" are never given together.
"""

from __future__ import annotations

import contextlib
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gate.barrier.board.modbus import ModbusBoard
from gate.barrier.board.modbus_settings import ModbusSettings, TcpLink
from gate.barrier.board.wiring import WiredBarrier, Wiring
from gate.barrier.device import Drive
from gate.errors import BarrierFault
from tests.gate.barrier.board.test_modbus import Device
from tests.gate.barrier.long_run import lives

TIMEOUT_S = 0.05
COILS = {Drive.RAISE: 0, Drive.LOWER: 1}


def _lost(_answer: bytes) -> bytes:
    return b""


def _garbled(answer: bytes) -> bytes:
    """Cut short: a wrong bit within is TCP's to find."""
    return answer[:-1]


class Wire(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.device = Device()
        self.device.start()
        self.both = False
        self.device.on_write = self.written
        self.device.inputs = lambda: [False, True] + [False] * 6
        settings = ModbusSettings(TcpLink("127.0.0.1", self.device.port), inputs=2, timeout_s=TIMEOUT_S)
        board = ModbusBoard(settings)
        self.driver = WiredBarrier(board, board, Wiring(0, 1, style="level", open_limit=0, closed_limit=1))
        self.there = True
        self.settled: Drive | None = None

    def written(self, _channel: int, _on: bool) -> None:
        self.both = self.both or (self.device.coil_on(0) and self.device.coil_on(1))

    @rule(drive=st.sampled_from(Drive))
    def drive(self, drive: Drive) -> None:
        self.settled = None
        with contextlib.suppress(BarrierFault):
            self.driver.drive(drive)
            self.settled = drive
            # A stop of an arm whose relays are open needs no board.
            assert self.there or drive is Drive.STOP

    @rule()
    def read(self) -> None:
        with contextlib.suppress(BarrierFault):
            shown = self.driver.inputs()
            assert (shown.open_limit, shown.closed_limit) == (False, True)

    @rule(count=st.integers(1, 3), garbled=st.booleans())
    def answers_go_wrong(self, count: int, garbled: bool) -> None:
        self.device.spoil = [_garbled if garbled else _lost] * count

    @rule()
    def the_board_goes_away_or_comes_back(self) -> None:
        self.there = not self.there
        if self.there:
            self.device.start()
        else:
            self.device.stop()
            # Without power its coils are open: whatever is told after this is told for the first time.
            self.device.writes += [(0, False), (1, False)]
            self.settled = None

    @invariant()
    def what_was_done_is_what_was_asked(self) -> None:
        assert not self.both
        if self.settled is not None:
            for drive, coil in COILS.items():
                assert self.device.coil_on(coil) is (self.settled is drive)

    @invariant()
    def no_relay_is_closed_twice(self) -> None:
        for coil in COILS.values():
            told = [on for channel, on in self.device.writes if channel == coil]
            assert not [pair for pair in pairwise(told) if pair == (True, True)]

    def teardown(self) -> None:
        """Mended, the next command is done as asked."""
        self.device.spoil = []
        if not self.there:
            self.the_board_goes_away_or_comes_back()
        for _ in range(2):
            self.drive(Drive.RAISE)
        assert self.settled is Drive.RAISE
        self.what_was_done_is_what_was_asked()
        self.driver.close()
        self.device.stop()


Wire.TestCase.settings = lives(4, steps=12)
TestWire = Wire.TestCase
