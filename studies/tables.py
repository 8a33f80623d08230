"""Lines of the tables that studies report."""

from emolib.evaluation import Evaluation


def row(name: str, seed: int | None, result: Evaluation, **more) -> dict:
    """Return one line of a table as `emolib.plots.intervals` reads it.

    Parameters
    ----------
    name : str
        Of the model.
    seed : int or None
        None where nothing is drawn at random.
    result : Evaluation
    **more
        Further columns.
    """
    low, high = result.to_dict()["interval"]
    line = {"name": name, "seed": seed, "accuracy": result.accuracy}
    return {**line, "low": low, "high": high, **more, "evaluation": result.to_dict()}
