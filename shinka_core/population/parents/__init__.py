"""Which program the next proposal starts from."""
