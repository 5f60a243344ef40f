"""What answers behind `exec`: a small shell that only pretends."""
