"""The usual tutorial's app."""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello() -> str:
    """Says hello."""
    return "Hello from the tutorial!"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)  # noqa: S104  as tutorials do
