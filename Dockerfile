# Scoville as an image: `scoville` builds it, grades it and proves it (docs/how-to/install.md).
#   npm run build && scoville build -t scoville .
# It has Node.js, Docker's CLI with buildx, cosign and git of Debian; no shell and no package manager. The engine is the one whose socket
# it is given. `--target ci` adds a shell, for CI systems that run scripts in the image. `--target service` is the grading service
# (docs/service.md), after `node scripts/package/service-package.mjs --with-libraries`.
ARG DEBIAN=debian:trixie-slim
# Where the source is.
ARG SOURCE=
# What the service runs on: Node.js, without a shell or a package manager.
ARG NODE_RUNTIME=gcr.io/distroless/nodejs22-debian13:nonroot

FROM ${DEBIAN} AS programs
COPY scripts/engine/unpack-debs.sh /usr/local/bin/unpack-debs.sh
RUN sh /usr/local/bin/unpack-debs.sh /programs \
      'base-files netbase tzdata ca-certificates' \
      'nodejs node-acorn node-cjs-module-lexer node-minimatch node-undici zlib1g docker-cli docker-buildx cosign git'
# Each finds its libraries. What these programs do is not read, so they have no network.
RUN --network=none touch /programs/dev/null \
 && for program in 'node --print process.version' 'docker buildx version' 'cosign version' 'git version'; do \
      chroot /programs $program || exit 1; \
    done \
 && rm /programs/dev/null
WORKDIR /programs/usr/lib/scoville
COPY package.json ./
COPY schema ./schema
COPY templates ./templates
COPY native/lib ./native/lib
COPY dist ./dist
WORKDIR /programs
# What is not in git has the modes of the checkout's umask.
RUN chmod -R u=rwX,go=rX usr/lib/scoville \
 && mkdir -p usr/share/doc/scoville \
 && sed -i '1s|.*|#!/usr/bin/node|' usr/lib/scoville/dist/scoville.js \
 && mv usr/lib/scoville/dist/THIRD-PARTY-NOTICES.txt usr/lib/scoville/dist/sbom.cdx.json usr/share/doc/scoville/ \
 && ln -s ../lib/scoville/dist/scoville.js usr/bin/scoville \
 && ln -s ../../../bin/scoville usr/libexec/docker/cli-plugins/docker-scoville
COPY --chmod=644 LICENSE /programs/usr/share/doc/scoville/copyright

FROM ${DEBIAN} AS shell
RUN apt-get update -qq && apt-get download busybox-static \
 && dpkg-deb -x busybox-static_*.deb /busybox \
 && dpkg-deb -f busybox-static_*.deb > /busybox/record \
 && for applet in sh env cat cp grep head ls mkdir mv printf rm sed sleep tail test tr; do \
      ln -s busybox "/busybox/usr/bin/$applet"; \
    done

FROM scratch AS scoville
ARG SOURCE
COPY --from=programs /programs/ /
ENV PATH=/usr/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
LABEL org.opencontainers.image.title=scoville \
      org.opencontainers.image.description="Build container images reproducibly, sign them, and grade how hardened they are" \
      org.opencontainers.image.source=${SOURCE} \
      org.opencontainers.image.vendor="The Scoville contributors" \
      org.opencontainers.image.licenses=Apache-2.0
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/bin/scoville"]
CMD ["--help"]

FROM ${DEBIAN} AS cosign
# A build fails when Debian has another one: take that.
ARG COSIGN=2.5.0-2+b5
RUN apt-get update && apt-get install --yes --no-install-recommends cosign=${COSIGN}

FROM ${DEBIAN} AS service-files
WORKDIR /files/usr/lib/node_modules/scoville
COPY package.json ./
COPY schema ./schema
COPY dist ./dist
COPY package/scoville-service ../scoville-service
WORKDIR /files
# What is not in git has the modes of the checkout's umask.
RUN chmod -R u=rwX,go=rX usr \
 && mkdir -p usr/bin \
 && sed -i '1s|.*|#!/nodejs/bin/node|' usr/lib/node_modules/scoville/dist/scoville.js \
 && ln -s ../lib/node_modules/scoville/dist/scoville.js usr/bin/scoville
WORKDIR /data

FROM ${NODE_RUNTIME} AS service
ARG SOURCE
COPY --from=cosign /usr/bin/cosign /usr/bin/cosign
COPY --from=service-files /files/ /
# What grading keeps beside the database: a volume, or a tmpfs.
COPY --from=service-files --chown=65532:65532 /data/ /data/
ENV PATH=/usr/bin:/nodejs/bin HOME=/data SCOVILLE_HOME=/data SCOVILLE_DATABASE_FILE=/run/secrets/database
LABEL org.opencontainers.image.title=scoville-service \
      org.opencontainers.image.description="Grades images when they are asked for, pushed or a day old: API, badges and pages" \
      org.opencontainers.image.source=${SOURCE} \
      org.opencontainers.image.vendor="The Scoville contributors" \
      org.opencontainers.image.licenses=Apache-2.0 \
      dev.scoville.secrets=by-file
WORKDIR /data
USER 65532:65532
EXPOSE 8480
ENTRYPOINT ["/usr/bin/scoville"]
CMD ["serve", "--listen", "0.0.0.0:8480"]

FROM scoville AS ci
COPY --from=shell /busybox/usr/bin/ /usr/bin/
COPY --from=shell /busybox/record /var/lib/dpkg/status.d/busybox-static
# A runner's checkout and the engine's certificates are root's.
USER 0:0
ENTRYPOINT []
CMD ["sh"]

FROM scoville
