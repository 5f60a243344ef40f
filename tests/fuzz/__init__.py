"""Searches for hours what the tests search for seconds. Each is run by hand; `atheris` comes with none of our locks."""
