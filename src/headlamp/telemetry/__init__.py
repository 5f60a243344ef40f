"""What the program tells those who run it: logs, redacted."""
