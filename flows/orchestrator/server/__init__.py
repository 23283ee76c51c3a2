"""A Prefect server to talk to, and all about our own: what starts, configures, keeps, leases, probes and ends it."""
