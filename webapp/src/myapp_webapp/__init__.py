"""The Flask web app that the samples run."""
