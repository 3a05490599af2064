"""Where artifact bytes live: content-addressed stores behind one contract."""
