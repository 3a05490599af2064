"""Signing in at an OpenID Connect provider: settings, discovery, the code flow, and what is believed of a token."""
