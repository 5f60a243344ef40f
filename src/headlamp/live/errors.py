"""What can go wrong with live rows."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from headlamp.problems import Problem

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no JSON, of another form, no UTF-8, or nested too deeply."""


class BadRequest(Problem):
    """A message of the page that is not understood or asks for what can't be."""

    code: ClassVar[str] = "live.bad_request"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request for rows is not valid"
    remedy = "Reload the page. If it stays, page and server are of different versions."


class MessageTooLarge(BadRequest):
    """A message above `protocol.MAX_MESSAGE_BYTES`."""

    code: ClassVar[str] = "live.message_too_large"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The message is too large"
    remedy = "Name fewer namespaces, or shorten the selectors."


class TooManySubscriptions(BadRequest):
    """More subscriptions than one session may have."""

    code: ClassVar[str] = "live.too_many_subscriptions"
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many lists are open"
    remedy = "Close some of the lists, or tabs with lists in them."


class TooManyConnections(BadRequest):
    """More connections than one session may have."""

    code: ClassVar[str] = "live.too_many_connections"
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many tabs are open"
    remedy = "Close some of the tabs."


class BadSelector(Problem):
    """The API server refused the request itself (400 or 422), which is the selectors' fault: the rest is checked."""

    code: ClassVar[str] = "live.bad_selector"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The cluster does not understand the selector"
    remedy = "Correct the label selector or the field selector."


class Forbidden(Problem):
    """RBAC does not allow to list or watch this (403)."""

    code: ClassVar[str] = "forbidden"
    status: ClassVar[int] = 403
    title: ClassVar[str] = "You may not list this"
    remedy = "Ask an administrator of the cluster for the rule that the message names."


class Rejected(Problem):
    """The cluster does not accept the credential (401), although the session is good."""

    code: ClassVar[str] = "cluster.rejected"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "The cluster does not accept your sign-in"
    remedy = "Signing in again will not help by itself: the cluster must trust the identity provider's tokens."


class SignInAgain(Problem):
    """The credential source says that the user must sign in: nothing can be read until then."""

    code: ClassVar[str] = "session.sign_in_again"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "Please sign in again"
    remedy = "Sign in again; the page stays as it is."


class SessionEnded(Problem):
    """The session is over: signed out here or elsewhere, expired, or another credential took this one's place."""

    code: ClassVar[str] = "session.ended"
    status: ClassVar[int] = 401
    title: ClassVar[str] = "Your session has ended"
    remedy = "Sign in again; the page stays as it is."


class IdentityChanged(Problem):
    """The user is somebody else for this cluster by now, or the cluster another: earlier rows must not be shown on."""

    code: ClassVar[str] = "live.identity_changed"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "You are signed in to this cluster in another way now"
    remedy = "Open the list again."


class NoSuchKind(Problem):
    """The cluster does not serve this kind (404)."""

    code: ClassVar[str] = "live.no_such_kind"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "The cluster does not serve this kind"
    remedy = "Check that its custom resource definition or API service is installed."


class Gone(Problem):
    """The version to go on from is no longer known (410): list again."""

    code: ClassVar[str] = "live.gone"
    status: ClassVar[int] = 410
    title: ClassVar[str] = "The cluster has forgotten that version of the list"


class CannotPrint(Problem):
    """The server can't print this kind as a Table (406): read it as objects."""

    code: ClassVar[str] = "live.cannot_print"
    status: ClassVar[int] = 406
    title: ClassVar[str] = "The cluster does not print this kind"


class CannotWatch(Problem):
    """The kind, or this user's rules, have list but no watch: list again from time to time."""

    code: ClassVar[str] = "live.cannot_watch"
    status: ClassVar[int] = 405
    title: ClassVar[str] = "This kind can't be watched"


class Busy(Problem):
    """The API server can't answer now (5xx), perhaps with the time to wait in `retry_after`."""

    code: ClassVar[str] = "live.busy"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The cluster can't answer now"


class Overloaded(Busy):
    """The API server is there, and turns away more than it can do at once (429)."""


class Undecided(Busy):
    """Some of those who read together were refused it, which is not believed of all of them yet."""


class BrokenStream(Problem):
    """A watch said something that is not the protocol, or an ERROR event: nothing after it can be trusted."""

    code: ClassVar[str] = "live.broken_stream"
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The stream of changes broke"


class TooManyRows(BrokenStream):
    """More rows than one list may have."""

    code: ClassVar[str] = "live.too_many_rows"
    title: ClassVar[str] = "There are more rows than one list can have"
    remedy = "Choose some of the namespaces, or fewer rows by a selector."


class ColumnsChangedError(Exception):
    """The kind is printed with other columns than before, so that all rows must be read again."""
