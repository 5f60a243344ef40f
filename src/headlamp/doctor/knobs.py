"""What to type: where each fact about a provider is set, by flag or in a kubeconfig."""

from __future__ import annotations

from headlamp.doctor.examined import ExaminedProvider
from headlamp.doctor.judging import Advice
from headlamp.oidc.errors import quoted

_IN_KUBECONFIG = {
    "issuer": "idp-issuer-url (or --oidc-issuer-url)",
    "client_id": "client-id (or --oidc-client-id)",
    "secret": "client-secret (or --oidc-client-secret)",
    "scopes": "extra-scopes (or --oidc-extra-scope)",
    "authority": "idp-certificate-authority (or --certificate-authority)",
    "skip_verify": "--insecure-skip-tls-verify",
}
_FLAGS = {
    "issuer": "-oidc-idp-issuer-url",
    "client_id": "-oidc-client-id",
    "secret": "-oidc-client-secret-file",
    "scopes": "-oidc-scopes",
    "authority": "-oidc-ca-file",
    "skip_verify": "-oidc-skip-tls-verify",
}


class Knobs:
    """The names of one provider's settings, as its administrator types them."""

    def __init__(self, provider: ExaminedProvider) -> None:
        self._from_flags = provider.from_flags

    def name(self, what: str) -> str:
        """The setting that holds `what`, such as "issuer"."""
        return _FLAGS[what] if self._from_flags else f"{_IN_KUBECONFIG[what]} in the kubeconfig"

    def set(self, what: str, value: str) -> str:
        """What to type so that `what` becomes `value`."""
        return f"{_FLAGS[what]}={value}" if self._from_flags else f"{self.name(what)}: {value}"

    def set_issuer(self, issuer: str) -> str:
        """The beginning of a remedy: that `issuer` should be configured."""
        return f"Set {self.set('issuer', quoted(issuer))}"

    def flag(self, text: str) -> str:
        """`text` about a flag that a kubeconfig has no word for: such a provider has to be given by flags."""
        return text if self._from_flags else f"{text} (a kubeconfig can't say that: give this provider by flags)"

    @property
    def advice(self) -> Advice:
        """For the way to the provider."""
        return Advice(
            address=f"The address is set by {self.name('issuer')}.",
            authority=f"Name the file of its authority: {self.set('authority', '/path/to/ca.pem')}.",
        )
