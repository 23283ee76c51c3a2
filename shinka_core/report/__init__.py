"""The data behind every picture: pure functions of what a reader tells, one question a file."""
