"""The nouns of the schema, made from rows."""
