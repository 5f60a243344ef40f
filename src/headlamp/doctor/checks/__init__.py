"""The checks, a file each: what is looked at, what it should be, and what to type when it isn't."""
