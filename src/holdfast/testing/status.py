"""How an API server says no: Status objects, in its own words."""

from holdfast.testing.documents import Json


class StatusError(Exception):
    """A request that was refused, with the Status that the wire carries."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Json | None = None,
        retry_after: int | None = None,
        metadata: Json | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after
        self.metadata = metadata or {}

    @property
    def status(self) -> Json:
        """The body of the answer."""
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def details(group: str, kind: str, name: str = "", **more: object) -> Json:
    """Whom it is about. The field is called kind and holds the plural name, as upstream."""
    about = {"name": name, "group": group, "kind": kind}
    return {**{k: v for k, v in about.items() if v}, **more}


def qualified(group: str, plural: str) -> str:
    """A resource as messages name it: `pods`, `deployments.apps`."""
    return f"{plural}.{group}" if group else plural


def not_found(group: str, plural: str, name: str) -> StatusError:
    """404 for one object."""
    return StatusError(
        404,
        "NotFound",
        f'{qualified(group, plural)} "{name}" not found',
        details=details(group, plural, name),
    )


def not_served() -> StatusError:
    """404 for a resource or a path that nobody serves."""
    return StatusError(
        404, "NotFound", "the server could not find the requested resource", details={}
    )


class PageNotFound(StatusError):
    """404 for a path outside every group that is served: told as text, without a Status."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found")


def not_allowed() -> StatusError:
    """405: a verb that the path does not know."""
    return StatusError(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
        details={},
    )


def already_exists(group: str, plural: str, name: str) -> StatusError:
    """409 for a name that is taken."""
    return StatusError(
        409,
        "AlreadyExists",
        f'{qualified(group, plural)} "{name}" already exists',
        details=details(group, plural, name),
    )


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def conflict(group: str, plural: str, name: str, because: str = MODIFIED) -> StatusError:
    """409 for a precondition that does not hold."""
    return StatusError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {because}',
        details=details(group, plural, name),
    )


def bad_request(message: str) -> StatusError:
    """400 for what cannot be understood."""
    return StatusError(400, "BadRequest", message)


def invalid(group: str, kind: str, name: str, *causes: tuple[str, str, str]) -> StatusError:
    """422 for an object that does not validate; a cause is (field, reason, message)."""
    texts = list(dict.fromkeys(f"{field}: {message}" for field, _, message in causes))
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    return StatusError(
        422,
        "Invalid",
        f'{f"{kind}.{group}" if group else kind} "{name}" is invalid: {listed}',
        details=details(
            group,
            kind,
            name,
            causes=[
                {"reason": reason, "message": message, "field": field}
                for field, reason, message in causes
            ],
        ),
    )


def unauthorized() -> StatusError:
    """401: the credential is not known."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def expired(message: str, *, metadata: Json | None = None) -> StatusError:
    """410: that version is compacted away."""
    return StatusError(410, "Expired", message, metadata=metadata)


def unsupported_media(accepted: str) -> StatusError:
    """415: a patch of a form that is not spoken here."""
    return StatusError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - "
        f"accepted media types include: {accepted}",
    )
