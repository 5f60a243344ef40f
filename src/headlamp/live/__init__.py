"""Rows that stay up to date: read from the API server as tables, and sent on to whoever looks at them."""
