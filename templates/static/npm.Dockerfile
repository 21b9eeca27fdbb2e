FROM @{base.build} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The lock file names every package with its hash; install scripts do not run.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN --network=none npm run build
# Without a page nginx answers 403, and no criterion sees it.
RUN test -e @{directory}/index.html || { echo "@{directory} has no index.html" >&2; exit 1; }

FROM @{base.health} AS health
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false"
# A client of a few lines for the health check: the image has no shell and no curl.
COPY <<'GO' /health/main.go
package main

import (
	"net/http"
	"os"
	"time"
)

func main() {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(os.Args[1])
	if err != nil || answer.StatusCode >= 400 {
		os.Exit(1)
	}
}
GO
RUN --mount=type=cache,target=/root/.cache/go-build \
    go build -ldflags='-s -w -buildid=' -o /out/health /health/main.go

# nginx and the libraries it needs; the C library is the runtime's own.
FROM @{base.nginx} AS nginx
COPY <<'CONF' /runtime/etc/nginx/nginx.conf
pid /tmp/nginx.pid;
error_log stderr;
worker_processes auto;
events {}
http {
    include mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout;
    server_tokens off;
    sendfile on;
    gzip on;
    gzip_types text/css text/plain application/javascript application/json image/svg+xml;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {
        listen @{port};
        root /site;
        add_header X-Content-Type-Options nosniff always;
        location / { try_files $uri $uri/ =404; }
        location ~ /\. { return 404; }
    }
}
CONF
RUN <<'COLLECT'
set -eu
collect() {
  # /lib is a link to /usr/lib: a folder of that name would not fit.
  folder=$(realpath "$(dirname "$1")")
  mkdir -p "/runtime$folder"
  cp -L "$1" "/runtime$folder/$(basename "$1")"
}
collect /usr/sbin/nginx
collect /etc/nginx/mime.types
ldd /usr/sbin/nginx | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u |
  while read -r library; do
    case $library in
      */libc.so.*|*/libm.so.*|*/libgcc_s.so.*|*/libstdc++.so.*|*/ld-linux*|*/libpthread.so.*|*/libdl.so.*|*/librt.so.*) ;;
      *) collect "$library" ;;
    esac
  done
COLLECT

# nginx and the pages: no shell, no package manager.
FROM @{base.runtime}
LABEL org.opencontainers.image.title="@{name}"
COPY --from=build /app/@{directory} /site
COPY --from=nginx /runtime/ /
COPY --from=health /out/health /health
USER 65532:65532
EXPOSE @{port}
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/health", "http://127.0.0.1:@{port}@{health}"]
ENTRYPOINT ["/usr/sbin/nginx", "-e", "stderr", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]
