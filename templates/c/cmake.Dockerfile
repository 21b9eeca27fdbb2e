FROM @{base.build} AS build
ENV CFLAGS="-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=/src=." \
    CXXFLAGS="-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=/src=." \
    LDFLAGS="-s -Wl,-z,relro,-z,now -static-libstdc++ -static-libgcc"
# A client of a few lines for the health check: the image has no shell and no curl.
COPY <<'C' /health/health.c
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int count, char **words) {
    char text[512];
    struct timeval wait = {2, 0};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int socketed = socket(AF_INET, SOCK_STREAM, 0);
    if (count != 3 || socketed < 0) return 1;
    to.sin_port = htons(atoi(words[1]));
    setsockopt(socketed, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(socketed, (struct sockaddr *)&to, sizeof to)) return 1;
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", words[2]);
    if (write(socketed, text, length) != length) return 1;
    ssize_t got = read(socketed, text, sizeof text - 1);
    if (got < 12) return 1;
    text[got] = 0;
    return atoi(text + 9) < 500 ? 0 : 1;
}
C
RUN mkdir /out && gcc -O2 -s -static -ffile-prefix-map=/health=. -o /out/health /health/health.c
RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt/lists \
    apt-get update && apt-get install --yes --no-install-recommends cmake=3.31.6-2
WORKDIR /src
COPY . .
# What is built is the source that is here: it needs no network.
RUN --network=none cmake -S . -B /build -DCMAKE_BUILD_TYPE=Release && cmake --build /build --parallel && cp /build/@{binary} /out/app

# The C library, certificates and the program.
FROM @{base.runtime}
LABEL org.opencontainers.image.title="@{name}"
ENV PORT=@{port}
ENV @{secrets:env}
COPY --from=build /out/ /
USER 65532:65532
EXPOSE @{port}
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/health", "@{port}", "@{health}"]
ENTRYPOINT ["/app"]
