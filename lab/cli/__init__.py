"""The command line: everything a person does with Labledger, for hands and for scripts."""
