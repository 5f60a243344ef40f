"""pyheadlamp: a Kubernetes web UI that people sign in to with OpenID Connect."""

__version__ = "0.1.0"
