"""Of events that come faster than they can be drawn, the latest is drawn."""

import asyncio
import time
from threading import RLock, Thread

from emolib.widgets.latest import PAUSE, Latest


def test_without_a_loop_it_is_drawn_at_once():
    drawn = []
    latest = Latest(lambda: drawn.append(1), RLock())
    latest.ask()
    latest.ask()
    assert drawn == [1, 1]


def test_many_events_are_one_drawing_of_the_last_state():
    state, drawn = [0], []

    async def events():
        latest = Latest(lambda: drawn.append(state[0]), RLock())
        for state[0] in range(20):
            latest.ask()
        assert drawn == []
        await asyncio.sleep(4 * PAUSE)
        assert drawn == [19]
        latest.ask()
        await asyncio.sleep(4 * PAUSE)

    asyncio.run(events())
    assert drawn == [19, 19]


def test_what_was_asked_for_is_drawn_at_once_and_once_where_a_cell_shows_it():
    drawn = []

    async def events():
        latest = Latest(lambda: drawn.append(1), RLock())
        latest.now()
        assert drawn == []
        latest.ask()
        latest.now()
        assert drawn == [1]
        await asyncio.sleep(4 * PAUSE)

    asyncio.run(events())
    assert drawn == [1]


def test_an_event_while_it_draws_is_drawn_after_it():
    drawn = []

    async def events():
        def draw():
            drawn.append(1)
            if len(drawn) == 1:
                latest.ask()

        latest = Latest(draw, RLock())
        latest.ask()
        await asyncio.sleep(8 * PAUSE)

    asyncio.run(events())
    assert drawn == [1, 1]


def test_what_is_closed_draws_no_more():
    drawn = []

    async def events():
        latest = Latest(lambda: drawn.append(1), RLock())
        latest.ask()
        latest.close()
        latest.ask()
        await asyncio.sleep(4 * PAUSE)

    asyncio.run(events())
    assert drawn == []


def test_of_two_threads_the_later_draws_and_never_both_at_once():
    """So is a lab whose first event comes in the thread of a cell that goes on."""
    drawn, busy = [], []

    def draw():
        drawn.append(len(busy))
        busy.append(1)
        time.sleep(0.01)
        busy.pop()

    latest = Latest(draw, RLock())

    async def events():
        for _ in range(10):
            latest.ask()
            await asyncio.sleep(PAUSE)

    async def cell():
        latest.ask()
        other = Thread(target=lambda: asyncio.run(events()))
        other.start()
        await events()
        other.join()

    asyncio.run(cell())
    assert len(drawn) >= 3
    assert set(drawn) == {0}
