import matplotlib
import matplotlib.pyplot as plt

from emolib import plots


def test_a_notebook_still_shows_the_figures_that_it_draws_itself():
    def first_figure():  # loading the inline backend does this on the way
        matplotlib.interactive(True)
        return plt.figure()

    with plt.rc_context({"interactive": False}):
        figure = plots._figure(first_figure)()
        assert plt.isinteractive()
    assert not plt.fignum_exists(figure.number)
