# What runs.
FROM @{base.build} AS dependencies
RUN --mount=type=cache,target=/root/.npm npm install --global pnpm@@{pnpm}
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
# The lock file names every package with its hash; install scripts do not run. The two files that go hold the time of the installation.
RUN --mount=type=cache,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    pnpm install --frozen-lockfile --prod --ignore-scripts --store-dir /pnpm/store \
 && mkdir -p node_modules && rm -f node_modules/.modules.yaml node_modules/.pnpm-workspace-state*.json

# What compiles, with the compiler and its types.
FROM @{base.build} AS build
RUN --mount=type=cache,target=/root/.npm npm install --global pnpm@@{pnpm}
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN --mount=type=cache,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    pnpm install --frozen-lockfile --ignore-scripts --store-dir /pnpm/store
COPY . .
RUN --network=none pnpm run build

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
