"""What the parts of a run see when thousands of evaluations are in flight at once."""
