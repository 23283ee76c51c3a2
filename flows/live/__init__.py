"""The live page: the views of the report over runs that go on, served on this machine alone."""
