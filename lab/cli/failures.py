"""Why a command ended, as an exit code and one sentence.

0 done          3 not signed in     6 server unreachable
1 failed        4 not found        10 the job FAILED   (--wait, -f)
2 wrong usage   5 refused          11 the job STOPPED  (--wait, -f)
"""

from __future__ import annotations

from collections.abc import Mapping

DONE, FAILED, USAGE, NOT_SIGNED_IN, NOT_FOUND, REFUSED, UNREACHABLE = range(7)
JOB_FAILED, JOB_STOPPED = 10, 11
EXIT_OF_STATUS = {"COMPLETE": DONE, "FAILED": JOB_FAILED, "STOPPED": JOB_STOPPED}
EXIT_OF_CODE = {
    "NOT_AUTHENTICATED": NOT_SIGNED_IN,
    "NOT_FOUND": NOT_FOUND,
    "INTERNAL": FAILED,
    "STORE_UNAVAILABLE": UNREACHABLE,
}
EPILOG = __doc__.partition("\n\n")[2]


class CliError(Exception):
    """Ends the command: ``exit_code``, and a sentence for stderr."""

    def __init__(self, message: str, exit_code: int = FAILED, *, code: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code


def usage(message: str) -> CliError:
    return CliError(message, USAGE)


def refused(error: Mapping[str, object]) -> CliError:
    """What the API said, with the problems of a task file listed by place."""
    told = error.get("extensions")
    extensions = told if isinstance(told, dict) else {}
    code = str(extensions.get("code", ""))
    message = str(error.get("message", "The server refused without saying why."))
    problems = extensions.get("problems")
    if isinstance(problems, list) and problems:
        message = "task.yaml is not accepted:\n" + "\n".join(problem_line(p) for p in problems)
    return CliError(message, EXIT_OF_CODE.get(code, REFUSED), code=code)


def problem_line(problem: Mapping[str, object]) -> str:
    """One problem of a task file with its line and column."""
    line, column = problem.get("line"), problem.get("column")
    where = f"line {line}, column {column}: " if line else ""
    path = f"{problem['path']}: " if problem.get("path") else ""
    hint = f" {problem['suggestion']}" if problem.get("suggestion") else ""
    return f"  {where}{path}{problem.get('message', '')}{hint}"
