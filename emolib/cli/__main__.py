"""Run the command line as ``python -m emolib.cli``."""

from emolib.cli import main

raise SystemExit(main())
