# Stand-ins, from Debian's packages, for the official images and the distroless ones of each stack, by the names and with the habits
# (paths, user, entry point) of those they stand in for. A target is called as in make-stacks.sh.
ARG DEBIAN
ARG NODE
FROM ${NODE} AS node-slim

FROM ${DEBIAN} AS debian

FROM debian AS buildpack-deps
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends build-essential autoconf automake libtool pkg-config bzip2 curl wget git \
      unzip xz-utils zip patch procps file gnupg openssh-client python3 libssl-dev zlib1g-dev libbz2-dev libffi-dev libyaml-dev libsqlite3-dev libpq-dev \
      libcurl4-openssl-dev libxml2-dev libreadline-dev \
 && rm -rf /var/lib/apt/lists/*

FROM buildpack-deps AS gcc

FROM buildpack-deps AS node
COPY --from=node-slim /usr/local/ /usr/local/
RUN useradd --uid 1000 --create-home --shell /bin/bash node
ARG EXTRA_CA
ENV NODE_EXTRA_CA_CERTS=${EXTRA_CA}
CMD ["node"]

# The official images have yarn 1, and npm puts commands where they are found.
FROM node-slim AS node-yarn
ARG EXTRA_CA
ENV NODE_EXTRA_CA_CERTS=${EXTRA_CA} npm_config_prefix=/usr/local
RUN npm install --global --no-audit --no-fund yarn@1.22.22 && rm -rf /root/.npm && yarn --version

# Debian marks its Python as its own; the official image's is the user's.
FROM debian AS python-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-venv python3-pip \
 && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED \
 && ln -s /usr/bin/python3 /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python && ln -s /usr/bin/pip3 /usr/local/bin/pip
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]

# For who may not ask PyPI: pip finds poetry installed, with all that it needs.
FROM python-slim AS python-poetry
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-poetry python3-httpx python3-zstandard && rm -rf /var/lib/apt/lists/*

FROM buildpack-deps AS python
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-dev python3-venv python3-pip \
 && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED \
 && ln -s /usr/bin/python3 /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python && ln -s /usr/bin/pip3 /usr/local/bin/pip
CMD ["python3"]

FROM buildpack-deps AS golang
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends golang-go && rm -rf /var/lib/apt/lists/* \
 && ln -s ../lib/go /usr/local/go && mkdir -p /go/src /go/bin && chmod -R 1777 /go
ENV GOPATH=/go GOTOOLCHAIN=local PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go

FROM debian AS rust-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends cargo rustc gcc libc6-dev && rm -rf /var/lib/apt/lists/*

FROM buildpack-deps AS rust
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends cargo rustc && rm -rf /var/lib/apt/lists/*

# The base leaves manual pages out, and the package's scripts put links among them.
FROM debian AS temurin-jre
RUN mkdir -p /usr/share/man/man1 && apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-21-jre-headless curl && rm -rf /var/lib/apt/lists/* \
 && ln -s /usr/lib/jvm/java-21-openjdk-* /opt/java && java -version
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FROM temurin-jre AS temurin
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-21-jdk-headless binutils tzdata locales wget fontconfig \
 && rm -rf /var/lib/apt/lists/*
CMD ["jshell"]

# Debian's own repository of Maven's plugins stands in for Maven Central.
FROM temurin AS maven
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends maven git openssh-client \
      libmaven-resources-plugin-java libmaven-compiler-plugin-java libmaven-jar-plugin-java libsurefire-java && rm -rf /var/lib/apt/lists/* \
 && printf '<settings><mirrors><mirror><id>debian</id><mirrorOf>*</mirrorOf><url>file:///usr/share/maven-repo</url></mirror></mirrors></settings>\n' > /etc/maven/settings.xml
CMD ["mvn"]

# Debian's Gradle is an old one that its packages keep alive on a new Java.
FROM temurin AS gradle
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gradle && rm -rf /var/lib/apt/lists/*
CMD ["gradle"]

FROM debian AS ruby-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ruby ruby-bundler ruby-webrick && rm -rf /var/lib/apt/lists/*
CMD ["irb"]

FROM buildpack-deps AS ruby
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ruby ruby-dev ruby-bundler ruby-webrick && rm -rf /var/lib/apt/lists/*
CMD ["irb"]

# The official PHP images carry what builds extensions.
FROM debian AS php
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends php-cli php-mbstring php-sqlite3 php-curl php-dev \
      autoconf dpkg-dev file g++ gcc libc6-dev make pkg-config re2c curl xz-utils \
 && rm -rf /var/lib/apt/lists/*
CMD ["php", "-a"]

# The official image's module has no version in its name.
FROM php AS php-apache
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libapache2-mod-php && rm -rf /var/lib/apt/lists/* \
 && ln -s "$(basename /usr/lib/apache2/modules/libphp8*.so)" /usr/lib/apache2/modules/libphp.so
CMD ["apache2", "-DFOREGROUND"]

FROM php AS composer
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends composer git unzip && rm -rf /var/lib/apt/lists/*
CMD ["composer"]

FROM debian AS nginx
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light curl gettext-base && rm -rf /var/lib/apt/lists/* \
 && rm -rf /etc/nginx/sites-* /etc/nginx/conf.d/* \
 && mkdir -p /usr/share/nginx/html && echo '<h1>Welcome to nginx!</h1>' > /usr/share/nginx/html/index.html \
 && sed -i -e 's#include /etc/nginx/sites-enabled/\*;##' -e 's#^user www-data;#user www-data;#' /etc/nginx/nginx.conf \
 && printf 'server {\n  listen 80;\n  server_name localhost;\n  location / {\n    root /usr/share/nginx/html;\n    index index.html;\n  }\n}\n' > /etc/nginx/conf.d/default.conf \
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]

FROM debian AS root-static
RUN --mount=type=bind,source=unpack-debs.sh,target=/unpack-debs.sh /unpack-debs.sh /root.new 'base-files netbase tzdata media-types ca-certificates'

FROM debian AS root-base
RUN --mount=type=bind,source=unpack-debs.sh,target=/unpack-debs.sh /unpack-debs.sh /root.new 'base-files netbase tzdata media-types ca-certificates libc6 libssl3t64 libzstd1 zlib1g'

FROM debian AS root-cc
RUN --mount=type=bind,source=unpack-debs.sh,target=/unpack-debs.sh /unpack-debs.sh /root.new \
      'base-files netbase tzdata media-types ca-certificates libc6 libssl3t64 libzstd1 zlib1g libgcc-s1 libgomp1 libstdc++6 gcc-14-base'

FROM debian AS root-python3
RUN --mount=type=bind,source=unpack-debs.sh,target=/unpack-debs.sh /unpack-debs.sh /root.new \
      'base-files netbase tzdata media-types ca-certificates libc6 libssl3t64 libzstd1 zlib1g libgcc-s1 libgomp1 libstdc++6 gcc-14-base' 'python3.13' \
 && rm -f /root.new/usr/bin/pdb3* /root.new/usr/bin/pydoc3* /root.new/usr/bin/pygettext3* \
 && ln -s python3.13 /root.new/usr/bin/python3 && ln -s python3.13 /root.new/usr/bin/python

FROM debian AS root-java21
RUN --mount=type=bind,source=unpack-debs.sh,target=/unpack-debs.sh /unpack-debs.sh /root.new \
      'base-files netbase tzdata media-types ca-certificates libc6 libssl3t64 libzstd1 zlib1g libgcc-s1 libgomp1 libstdc++6 gcc-14-base' 'openjdk-21-jre-headless' \
 && rm -rf /root.new/usr/bin/* && ln -s "/$(cd /root.new && echo usr/lib/jvm/java-21-openjdk-*)/bin/java" /root.new/usr/bin/java
# The store of certificates is what a maintainer script makes of ca-certificates.
COPY --from=temurin-jre /etc/ssl/certs/java/cacerts /root.new/etc/ssl/certs/java/cacerts

FROM scratch AS distroless
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot

FROM distroless AS static-debian13
COPY --from=root-static /root.new/ /

FROM distroless AS base-debian13
COPY --from=root-base /root.new/ /

FROM distroless AS cc-debian13
COPY --from=root-cc /root.new/ /

FROM distroless AS nodejs22-debian13
COPY --from=root-cc /root.new/ /
COPY --from=node-slim /usr/local/lib/node_modules/node/bin/node /nodejs/bin/node
COPY --from=node-slim /usr/local/lib/node_modules/node/LICENSE /nodejs/
ENTRYPOINT ["/nodejs/bin/node"]

FROM distroless AS python3-debian13
COPY --from=root-python3 /root.new/ /
ENTRYPOINT ["/usr/bin/python3"]

FROM distroless AS java21-debian13
COPY --from=root-java21 /root.new/ /
ENTRYPOINT ["/usr/bin/java", "-jar"]
