"""The web app: NiceGUI pages over application and projections."""
