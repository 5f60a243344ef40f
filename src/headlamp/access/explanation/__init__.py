"""Why a cluster accepts a token or does not: read as kube-apiserver reads it, compared claim by claim, and answered
with the settings of the API server that would accept exactly this token.

Nothing here verifies a signature or decides about access: an API server does not say why it refuses, so this says what
a token proves by itself, and what has to be compared with the cluster's settings.
"""

from headlamp.access.explanation.case import Case, Kind
from headlamp.access.explanation.explain import Explanation, explain
from headlamp.access.explanation.shortening import shortened
from headlamp.access.explanation.token_reading import TokenReading, read_token

__all__ = ["Case", "Explanation", "Kind", "TokenReading", "explain", "read_token", "shortened"]
