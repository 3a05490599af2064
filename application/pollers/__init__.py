"""What must be asked for because nobody tells us: providers, clocks, spools."""
