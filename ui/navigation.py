"""Where the app leads: what the sidebar lists, with the key of each after ``G``."""

from __future__ import annotations

NAV = (
    (
        "",
        (
            ("Home", "/", "house", "H"),
            ("Experiments", "/experiments", "flask-conical", "E"),
            ("Tasks", "/tasks", "file-code", "T"),
            ("Jobs", "/jobs", "list-checks", "J"),
            ("Compare", "/compare", "git-compare", "C"),
            ("Sweeps", "/sweeps", "grip", "W"),
            ("Sessions", "/sessions", "square-terminal", "S"),
            ("Artifacts", "/artifacts", "package", "R"),
        ),
    ),
    (
        "Compute",
        (
            ("Providers", "/providers", "server", "P"),
            ("Quotas & usage", "/quota", "gauge", "Q"),
        ),
    ),
    (
        "Team",
        (
            ("Members", "/members", "users", "M"),
            ("Secrets", "/secrets", "key-round", "K"),
            ("Notifications", "/notifications", "bell", "N"),
            ("Audit", "/audit", "history", "A"),
        ),
    ),
)
ADMIN = ("Administration", "/admin", "settings", "D")
MARK = (
    '<svg viewBox="0 0 26 26" aria-hidden="true"><rect width="26" height="26" rx="7" class="mark-bg"/>'
    '<path d="M6 17.5c3.6 0 3.2-9 7-9s3.4 9 7 9" class="mark-curve"/>'
    '<circle cx="13" cy="8.5" r="2" class="mark-dot"/></svg>'
)
