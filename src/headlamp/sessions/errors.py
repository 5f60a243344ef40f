"""What can go wrong with a session, one class a cause."""

from __future__ import annotations

from pathlib import Path

from headlamp.problems import Problem


class BadSeal(Exception):  # noqa: N818  # named for what it says, as the problems are
    """What should be one of our own sealed values is not: changed, cut, made for another purpose or by another key.

    Not a `Problem`: the caller knows what the value was for, and words the answer.
    """


class SessionEnded(Problem):
    """The session is over: signed out, out of time, or ended by the identity provider."""

    code = "session.ended"
    status = 401
    title = "Your session has ended"
    remedy = "Sign in again."


class SignInAgain(Problem):
    """The session is there, but the token for this cluster has run out and can't be renewed."""

    code = "session.sign_in_again"
    status = 401
    title = "Your sign-in has run out"
    remedy = "Sign in again; what you see on the page stays."


class RenewalDelayed(Problem):
    """The token has run out, and the identity provider can't be asked for a new one right now."""

    code = "session.renewal_delayed"
    status = 503
    title = "Your sign-in can't be renewed at the moment"
    remedy = "Nothing is lost: the session goes on as soon as the identity provider answers. Try again in a moment."


class BadPastedToken(Problem):
    """What was pasted as a bearer token can't be one, or has expired."""

    code = "session.bad_token"
    status = 400
    title = "This is not a usable bearer token"
    remedy = "Paste the token alone, without quotes, spaces or the word Bearer, and check that it has not expired."


class TooManyPasted(Problem):
    """People who have not signed in have pasted more than is kept for them."""

    code = "session.too_many_pasted"
    status = 429
    title = "Too many tokens are being pasted at the moment"
    remedy = "Try again in a moment, or sign in first."


class StoreUnavailable(Problem):
    """The place where sessions are kept does not answer."""

    code = "session.store_unavailable"
    status = 503
    title = "Sessions can't be read or written at the moment"
    remedy = "Try again in a moment. If it stays, the administrator should check the session store and its disk."

    def __init__(self, message: str = "", *, remedy: str | None = None, retry_after: float | None = 5.0) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)


class SecretUnusable(Problem):
    """The server's secret can't be read, made or trusted. `path` is its file, None when it was given as text."""

    code = "session.secret"
    title = "The server's secret can't be used"
    remedy = "Give -session-secret-file a file of at least 32 random bytes that its owner alone can read (chmod 600)."

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        self.path = path
        super().__init__(message)
