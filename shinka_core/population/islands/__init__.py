"""Which island the next proposal belongs to: how the budget is spread over trajectories."""
