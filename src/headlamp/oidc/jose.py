"""How the JOSE library is used here: one algorithm at a time, and with limits that fit the tokens of this field."""

from __future__ import annotations

import sys

from joserfc import jws
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel


class Registry(jws.JWSRegistry):
    """The library's limits are made for small tokens; the size of ours is checked before they get here."""

    max_header_length = sys.maxsize
    max_payload_length = sys.maxsize

    def get_alg(self, name: str) -> JWSAlgModel:
        # Without the library's warning about EdDSA, which is what such providers go on calling it.
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def registry_for(algorithm: str) -> Registry:
    """A registry that knows `algorithm` alone; unknown header parameters are ignored (RFC 7515, section 4)."""
    return Registry(algorithms=[algorithm], strict_check_header=False)
