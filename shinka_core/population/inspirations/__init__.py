"""Which programs a model is shown beside the parent."""
