"""Who is copied from one island to another."""
