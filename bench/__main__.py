"""Runs every measurement and prints its ratios."""

from bench import rows

rows.main()
