"""All that knows how Prefect works inside: settings, servers, flow runs, states, limits."""
