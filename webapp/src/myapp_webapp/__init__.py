"""The Flask web app that the samples run: one page, and two endpoints for probes."""

from flask import Flask, Response


def create_app() -> Flask:
    """Build the app; nothing is shared between two calls, so tests may build as many as they like."""
    app = Flask(__name__)

    @app.get("/")
    def index() -> Response:
        return Response("Hello, World!", mimetype="text/plain")

    # Alive: the process answers. Ready: it may get requests. This app waits for nothing at its start, so both say
    # the same; one with a database would ask for it in /readyz, never in /healthz.
    @app.get("/healthz")
    @app.get("/readyz")
    def health() -> Response:
        return Response("ok", mimetype="text/plain")

    return app
