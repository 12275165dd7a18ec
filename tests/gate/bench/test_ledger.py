from __future__ import annotations

from pathlib import Path

from gate.bench.ledger import measure


def test_a_small_record_is_written_proven_and_searched(tmp_path: Path) -> None:
    speed = measure(tmp_path, 3000)
    assert 3000 <= speed.rows < 3010
    assert min(speed.append_per_s, speed.verify_per_s, speed.verify_per_cpu_s, speed.search_ms, speed.peak_mib) > 0
    assert speed.hash_ratio > 1, "a verification hashes every row, and more"
