"""How one candidate is judged: what to run next, given what is known, and what it all comes to."""
