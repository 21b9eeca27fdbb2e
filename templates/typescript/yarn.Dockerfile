# What runs.
FROM @{base.build} AS dependencies
WORKDIR /app
COPY package.json yarn.lock ./
# The lock file names every package with its hash; install scripts do not run. One yarn at a time: two spoil the cache that they share.
RUN --mount=type=cache,target=/usr/local/share/.cache/yarn,sharing=locked \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    yarn install --frozen-lockfile --production --ignore-scripts --non-interactive && mkdir -p node_modules

# What compiles, with the compiler and its types.
FROM @{base.build} AS build
WORKDIR /app
COPY package.json yarn.lock ./
RUN --mount=type=cache,target=/usr/local/share/.cache/yarn,sharing=locked \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    yarn install --frozen-lockfile --ignore-scripts --non-interactive
COPY . .
RUN --network=none yarn run build

# Node alone: no shell, no package manager.
FROM @{base.runtime}
LABEL org.opencontainers.image.title="@{name}"
WORKDIR /app
ENV NODE_ENV=production PORT=@{port}
ENV @{secrets:env}
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY --from=build /app/@{output} ./@{output}
USER 65532:65532
EXPOSE @{port}
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:@{port}@{health}').then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps"]
CMD [@{entry:json}]
