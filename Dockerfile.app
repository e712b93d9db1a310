# The web app that the samples run. Needs no shell and no writable file system.
# Any Python 3.11 or later on glibc will do as a base; `python3 -m pip` is used in the first stage only.
ARG BASE_IMAGE=python:3.11.15-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Only for machines behind a company's certificate authority: its bundle comes as the secret `ca`, and these two
# say where the secret is mounted. Nothing of it is left in the image.
ARG SSL_CERT_FILE
ARG PIP_CERT
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
RUN --mount=type=secret,id=ca \
    python3 -m pip install --no-cache-dir --root-user-action=ignore --disable-pip-version-check uv==0.13.9
WORKDIR /build
# The dependencies first, from the lock file and its hashes: this layer changes only when they do.
COPY pyproject.toml uv.lock ./
COPY operator/pyproject.toml operator/
COPY webapp/pyproject.toml webapp/
RUN --mount=type=secret,id=ca \
    uv sync --frozen --no-dev --no-install-workspace --package myapp-webapp
COPY webapp/src webapp/src
RUN --mount=type=secret,id=ca \
    uv sync --frozen --no-dev --no-editable --package myapp-webapp

FROM ${BASE_IMAGE}
ARG VERSION=dev
LABEL org.opencontainers.image.title="myapp" \
      org.opencontainers.image.description="The Flask web app that the samples of the MyApp operator run" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 5000
ENTRYPOINT ["gunicorn", "--config", "python:myapp_webapp.gunicorn_conf"]
