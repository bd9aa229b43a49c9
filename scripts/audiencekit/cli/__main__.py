"""`python -m audiencekit.cli`."""

from audiencekit.cli import main

main()
