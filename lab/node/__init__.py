"""The node wrapper: runs one attempt of a job on its node; standard library only."""
