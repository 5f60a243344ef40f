"""Extra columns: what the API server's own rows don't say, read for the rows that somebody looks at.

One column is one file, with the fields of an object that it reads as typed structs, and one line in `registry.py`.
"""
