"""Every operation that needs no credential: this list and nothing else."""

import re

STATIC_PREFIXES = ("/static/", "/driver/")

# Compared by a test with what the routes say of themselves. The app adds what it mounts.
PUBLIC: frozenset[tuple[str, str]] = frozenset(
    {
        ("GET", "/"),
        ("GET", "/api/v1/time"),
        ("POST", "/api/v1/pair"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/ready"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/setup"),
        ("POST", "/setup"),
    }
)


def _pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))


_PATTERNS = {
    method: re.compile("|".join(_pattern(path) for verb, path in sorted(PUBLIC) if verb == method))
    for method, _ in PUBLIC
}


def is_static(path: str) -> bool:
    """Whether the path belongs to files and the mounted driver app."""
    return path.startswith(STATIC_PREFIXES)


def is_public(method: str, path: str) -> bool:
    """Whether the operation needs no credential."""
    if is_static(path) or path == "/driver":
        return True
    pattern = _PATTERNS.get("GET" if method == "HEAD" else method)
    return pattern is not None and pattern.fullmatch(path) is not None


def is_link_page(path: str) -> bool:
    """Whether the path is one of the pages that strangers reach by a link."""
    return path.startswith(("/t/", "/p/"))
