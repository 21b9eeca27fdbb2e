FROM @{base.build} AS build
RUN --mount=type=cache,target=/root/.cache/pip pip install --disable-pip-version-check poetry==@{poetry}
ENV POETRY_VIRTUALENVS_PATH=/venvs POETRY_VIRTUALENVS_OPTIONS_NO_PIP=true POETRY_NO_INTERACTION=1
WORKDIR /app
COPY pyproject.toml poetry.lock ./
# The lock file names every package with its hash.
RUN --mount=type=cache,target=/root/.cache/pypoetry \
    poetry install --only main --no-root --no-directory \
 && mv /venvs/*/lib/python3.13/site-packages /packages
COPY . .
# Compiled without the times of the sources, so that the same sources give the same bytes.
RUN --network=none python -m compileall -q --invalidation-mode unchecked-hash /packages /app

# Python alone: no shell, no package manager.
FROM @{base.runtime}
LABEL org.opencontainers.image.title="@{name}"
WORKDIR /app
ENV PYTHONPATH=/packages PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=@{port}
ENV @{secrets:env}
COPY --from=build /packages /packages
COPY --from=build /app /app
USER 65532:65532
EXPOSE @{port}
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/bin/python3", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', @{port}, timeout=2); c.request('GET', '@{health}'); sys.exit(c.getresponse().status >= 500)"]
ENTRYPOINT ["/usr/bin/python3"]
CMD [@{start:json}]
