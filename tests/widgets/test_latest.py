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


def test_of_two_threads_the_later_draws():
    """So is a lab whose first event comes in the thread of a cell that goes on."""
    drawn = []
    latest = Latest(lambda: drawn.append(1), RLock())

    async def events():
        for _ in range(5):
            latest.ask()
            await asyncio.sleep(2 * PAUSE)

    async def long_cell():
        latest.ask()
        other = Thread(target=lambda: asyncio.run(events()))
        other.start()
        other.join()

    asyncio.run(long_cell())
    assert len(drawn) >= 3


def test_two_threads_never_draw_at_once():
    drawn, busy = [], []

    def draw():
        drawn.append(len(busy))
        busy.append(1)
        time.sleep(0.02)
        busy.pop()

    latest = Latest(draw, RLock())
    threads = [Thread(target=latest.ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert drawn == [0, 0, 0, 0]
