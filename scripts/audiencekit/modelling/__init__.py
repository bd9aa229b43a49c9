"""Models that are fitted here and become rows, so that SQL can score with them."""
