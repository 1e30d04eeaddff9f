"""The command line: reads words, calls the packages below, and words what comes back. No logic of its own."""
