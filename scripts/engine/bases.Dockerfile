# The base images that examples and tests build on, made from Debian's packages and Node's own binary.
ARG DEBIAN
FROM ${DEBIAN} AS debian

FROM debian AS node
ARG EXTRA_CA
ENV NODE_EXTRA_CA_CERTS=${EXTRA_CA}
COPY node/ /usr/local/lib/node_modules/node/
COPY npm/ /usr/local/lib/node_modules/npm/
RUN ln -s ../lib/node_modules/node/bin/node /usr/local/bin/node \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && useradd --uid 1000 --create-home --shell /bin/bash node \
 && node --version && npm --version
CMD ["node"]

# What a program that is linked against glibc needs, without a shell or a package manager; each package keeps its record in
# var/lib/dpkg/status.d, as distroless images have it, so that an SBOM can name it.
FROM debian AS roots
WORKDIR /debs
RUN apt-get update -qq \
 && apt-get download base-files netbase tzdata libc6 libgcc-s1 libstdc++6 gcc-14-base ca-certificates busybox-static
RUN mkdir -p /node/var/lib/dpkg/status.d /node/etc/ssl/certs /busybox/bin /busybox/tmp \
 && for deb in *.deb; do \
      name="$(dpkg-deb -f "$deb" Package)"; \
      if [ "$name" = busybox-static ]; then dpkg-deb -x "$deb" /busybox.tmp; continue; fi; \
      dpkg-deb -x "$deb" /node; \
      dpkg-deb -f "$deb" > "/node/var/lib/dpkg/status.d/$name"; \
    done \
 && find /node/usr/share/ca-certificates -name '*.crt' -print0 | sort -z | xargs -0 cat > /node/etc/ssl/certs/ca-certificates.crt \
 && rm -rf /node/usr/sbin/* /node/usr/bin/* /node/usr/share/man /node/usr/share/lintian /node/usr/share/bug \
      /node/usr/share/locale /node/usr/share/gdb /node/usr/share/gcc /node/usr/share/ca-certificates /node/etc/update-motd.d /node/etc/ca-certificates /node/etc/kernel \
 && find /node/usr/share/doc -type f ! -name copyright -delete \
 && find /node -perm /6000 -type f -exec chmod u-s,g-s {} + \
 && mkdir -p /node/tmp /node/home/nonroot /node/root /node/usr/local/bin /node/nodejs/bin \
 && chmod 1777 /node/tmp /busybox/tmp && chmod 700 /node/root && chown 65532:65532 /node/home/nonroot \
 && printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > /node/etc/passwd \
 && printf 'root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n' > /node/etc/group \
 && ln -s ../lib/node_modules/node/bin/node /node/usr/local/bin/node \
 && ln -s /usr/local/lib/node_modules/node/bin/node /node/nodejs/bin/node \
 && cp /busybox.tmp/usr/bin/busybox /busybox/bin/busybox \
 && for applet in sh cat echo ls mkdir cp chmod sleep wget httpd; do ln -s busybox "/busybox/bin/$applet"; done

FROM scratch AS node-distroless
COPY --from=roots /node/ /
COPY node/bin/ /usr/local/lib/node_modules/node/bin/
COPY node/package.json node/LICENSE /usr/local/lib/node_modules/node/
ENV PATH=/usr/local/bin:/usr/bin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot
ENTRYPOINT ["/nodejs/bin/node"]

FROM scratch AS busybox
COPY --from=roots /busybox/ /
ENV PATH=/bin
CMD ["sh"]
