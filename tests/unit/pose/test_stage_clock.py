import pytest

from neumap.pose.stage_clock import StageClock


def test_stages_add_up_and_are_kept_when_one_fails():
    clock = StageClock()
    with clock.stage("solve"):
        pass
    once = clock.timings_ms["solve"]
    with pytest.raises(ValueError, match="no"), clock.stage("solve"):
        raise ValueError("no")
    assert clock.timings_ms["solve"] >= once >= 0
    assert set(clock.timings_ms) == {"solve"}
