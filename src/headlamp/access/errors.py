"""Why the API server did not answer a question about access."""

from __future__ import annotations

from headlamp.problems import Problem


class ClusterRejected(Problem):
    """The API server answered 401: it does not accept the credential. Signing in again would not change it.

    `said` are its own words, empty where it has none; `server_time` its clock, in seconds since the epoch, if it told.
    """

    code = "cluster.rejected"
    status = 401
    title = "The cluster does not accept your token"
    remedy = (
        "You are signed in; the cluster's API server must trust the same issuer and audience. "
        "Compare its --oidc-issuer-url and --oidc-client-id, or its AuthenticationConfiguration, with those here."
    )

    def __init__(self, said: str = "", *, server_time: float | None = None) -> None:
        super().__init__()
        self.said = said
        self.server_time = server_time


class ClusterAnswered(Problem):
    """The API server answered a review with something that is neither success nor 401; `upstream_status` says what.

    `from_api_server`: the answer is a Kubernetes `Status`, so it comes from no proxy or other server in between.
    """

    code = "cluster.unexpected_answer"
    status = 502
    title = "The cluster gave an unexpected answer"
    remedy = "Look at the API server's own log for the same moment."

    def __init__(self, upstream_status: int, message: str, *, from_api_server: bool = False) -> None:
        super().__init__(message)
        self.upstream_status = upstream_status
        self.from_api_server = from_api_server
