"""Requests to `/clusters/{c}/…` passed on as the signed-in user: HTTP, WebSockets, and what may not pass."""
