"""Checks of the whole chain, from the settings to what each cluster says to a token, each with its remedy.

A check is one file in `checks/` and one line in `registry.py`. `headlamp doctor` prints the report; `GET /api/doctor`
and the page `/doctor` show the same one.
"""
