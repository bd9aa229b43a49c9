"""When the process that evaluates is started again."""

from audiencekit.live.recovery import Recovery


def test_pauses_grow_while_it_keeps_ending_and_are_short_again_when_it_lived():
    now = 0.0
    recovery = Recovery(lambda: now)
    assert recovery.may_start
    pauses = []
    for lives in (0, 0, 10, 0, 0, 0, 0, 0, 400, 0):
        now += lives
        recovery.note_end()
        started = now
        while not recovery.may_start:
            now += 0.5
        pauses.append(now - started)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 1, 2]
