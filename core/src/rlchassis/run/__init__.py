"""Run execution: build the World, train, watch, record."""
