"""Pages and JSON endpoints, the gate that every request passes, and how errors are told."""
