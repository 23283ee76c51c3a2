"""Who is kept as an elite."""
