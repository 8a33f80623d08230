"""The book from its stored outputs: strictly built, in a fresh home, without a network.

``make test`` builds the book by this test; the other tests of the book look at the
pages that it leaves in ``_build/stored``.
"""

import sys

from watch import PROJECT, watch


def test_the_stored_book_builds_and_nothing_leaves_the_machine(tmp_path):
    command = [sys.executable, PROJECT / "scripts" / "build_book.py", "--stored"]
    done = watch(command, tmp_path, PROJECT / "_build" / "stored", cwd=PROJECT)
    assert done.code == 0, done.output[-4000:]
    assert not done.contacts, "\n".join(done.contacts)
    assert not done.surplus, "\n".join(done.surplus)
