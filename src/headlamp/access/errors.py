"""Why the API server did not answer a question about access."""

from __future__ import annotations

from headlamp.problems import Problem


class ClusterRejected(Problem):
    """The API server answered 401: it does not accept the credential. Signing in again would not change it."""

    code = "cluster.rejected"
    status = 401
    title = "The cluster does not accept your token"
    remedy = (
        "You are signed in; the cluster's API server must trust the same issuer and audience. "
        "Compare its --oidc-issuer-url and --oidc-client-id, or its AuthenticationConfiguration, with those here."
    )


class ClusterAnswered(Problem):
    """The API server answered a review with something that is neither success nor 401; `upstream_status` says what."""

    code = "cluster.unexpected_answer"
    status = 502
    title = "The cluster gave an unexpected answer"
    remedy = "Look at the API server's own log for the same moment."

    def __init__(self, upstream_status: int, message: str) -> None:
        super().__init__(message)
        self.upstream_status = upstream_status
