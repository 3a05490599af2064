"""Answers: read models folded from the log by pure functions, and the queries over them."""
