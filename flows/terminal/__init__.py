"""What a person at a shell sees: the command line, its task folders, the progress and the outcome."""
