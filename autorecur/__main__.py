"""``python -m autorecur`` is the command line."""

from autorecur.cli import main

main()
