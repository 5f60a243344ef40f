"""The filter of a list: a line of text, read as conditions, and the rows that meet them all."""
