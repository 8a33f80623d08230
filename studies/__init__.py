"""The experiments behind ``data/results``: declared, importable, run by ``make``."""
