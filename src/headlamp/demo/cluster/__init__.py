"""A small simulated Kubernetes API server: tokens, RBAC, lists, Tables, watches, writes, logs and terminals."""
