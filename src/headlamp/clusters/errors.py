"""What can go wrong between us and a cluster, one class a cause."""

from __future__ import annotations

from multidict import CIMultiDictProxy

from headlamp.problems import Problem


class ClusterProblem(Problem):
    """A cluster could not answer; `cluster` is its name."""

    status = 502

    def __init__(
        self, message: str = "", *, cluster: str = "", remedy: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)
        self.cluster = cluster


class ClusterUnreachable(ClusterProblem):
    """No answer came, or it broke off; subclasses say at which step."""

    code = "cluster.unreachable"
    title = "The cluster can't be reached"
    remedy = "Try again in a moment. If it stays, check that the API server runs and that this server can reach it."


class ClusterNameNotFound(ClusterUnreachable):
    """The API server's host name does not resolve."""

    code = "cluster.name_not_found"
    remedy = "Check the host name in the cluster's `server` setting, and the DNS that this server uses."


class ClusterNotTrusted(ClusterUnreachable):
    """The TLS handshake failed: unknown authority, wrong name, expired, or no TLS at all."""

    code = "cluster.not_trusted"
    title = "The cluster's certificate is not trusted"
    remedy = (
        "Check `certificate-authority` (or `-data`) and `tls-server-name` of the cluster: the authority must have "
        "issued the API server's certificate, and the certificate must carry the server's name."
    )


class ClusterTimedOut(ClusterUnreachable):
    """Connecting took too long, or the answer did not come in time."""

    code = "cluster.timeout"
    status = 504
    title = "The cluster took too long to answer"


class AnswerTooLarge(ClusterProblem):
    """An answer that is read whole is longer than its reader allows; `limit` is in bytes."""

    code = "cluster.answer_too_large"
    title = "The cluster's answer is too large"
    remedy = "Ask for less at once, for example one namespace or a smaller `limit`."

    def __init__(self, limit: int, *, cluster: str = "") -> None:
        super().__init__(f"The answer is longer than {limit} bytes.", cluster=cluster)
        self.limit = limit


class ClusterUnusable(ClusterProblem):
    """The cluster's definition is broken; the message is the cluster's own `error`."""

    code = "cluster.unusable"
    status = 503
    title = "The cluster is not set up correctly"
    remedy = "Correct the cluster's entry in the kubeconfig; the file is read again by itself."


class BadToken(ClusterProblem):
    """The credential is not one single bearer token (RFC 6750, section 2.1), so it is not sent."""

    code = "cluster.bad_token"
    status = 401
    title = "The token can't be used"
    remedy = "Sign in again, or paste the token without anything around it."


class TokenTooLarge(ClusterProblem):
    """The cluster, or a proxy in front of it, does not read a request with a token of `size` bytes.

    `answer_status` is what it answered, None when it broke the connection instead.
    """

    code = "cluster.token_too_large"
    status = 431
    title = "Your token is too large for the cluster"
    remedy = (
        "Make the token smaller at the identity provider: fewer groups in it (only those that are assigned to this "
        "application, or a filter), no claims that nobody reads, or a smaller kind of token (-oidc-use-access-token). "
        "Or raise the limit for request headers where it is: kube-apiserver's own is 1 MiB, that of a load balancer "
        "or proxy in front of it often 8 to 64 KiB."
    )

    def __init__(self, size: int, answer_status: int | None, *, cluster: str = "") -> None:
        how = "broke the connection" if answer_status is None else f"answered {answer_status}"
        super().__init__(
            f"The token has {size:,} bytes, and the cluster or a proxy in front of it {how}: "
            "that is more than it reads of a request's headers.",
            cluster=cluster,
        )
        self.size = size
        self.answer_status = answer_status


class UpgradeRefused(ClusterProblem):
    """The API server answered a WebSocket upgrade with something else: its `answer_status`, `headers` and `body`.

    `body` is at most 64 KiB of it. Whoever relays the refusal relays these, so that the user sees the cluster's words.
    """

    code = "cluster.upgrade_refused"
    title = "The cluster refused the connection"

    def __init__(
        self,
        answer_status: int,
        reason: str,
        headers: CIMultiDictProxy[str],
        body: bytes,
        *,
        cluster: str = "",
    ) -> None:
        super().__init__(f"The cluster answered the upgrade with {answer_status} {reason}.".strip(), cluster=cluster)
        self.answer_status = answer_status
        self.reason = reason
        self.headers = headers
        self.body = body
