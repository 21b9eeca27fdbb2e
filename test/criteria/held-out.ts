import { type CorpusCase, file } from './case.ts';

/** Cases that were written before the rules were finished, and looked at only afterwards. */
export const HELD_OUT: readonly CorpusCase[] = [
  {
    name: 'Samba behind a script that reads its settings',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y samba && install -d /share',
      'COPY samba.sh lib.sh /usr/bin/',
      'ENTRYPOINT ["samba.sh"]',
    ),
    files: {
      'samba.sh': '#!/usr/bin/env bash\n. /usr/bin/lib.sh\nserve\n',
      'lib.sh': 'serve() {\n  exec smbd -F --no-process-group\n}\n',
    },
    never: ['nonroot-user', 'runtime-stage'],
  },
  {
    name: 'a mail server by supervisord',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y postfix supervisor',
      'EXPOSE 25',
      'CMD ["/usr/bin/supervisord", "-n"]',
    ),
    never: ['nonroot-user', 'elevated-files'],
  },
  {
    name: 'an ARM toolchain',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y gcc-arm-none-eabi make curl gdb',
      'ENTRYPOINT ["arm-none-eabi-gcc"]',
    ),
    never: ['runtime-stage'],
  },
  {
    name: 'a runner of CI by a script',
    dockerfile: file(
      'FROM debian:trixie',
      'LABEL org.opencontainers.image.title="CI image"',
      'RUN apt-get update && apt-get install -y make curl',
      'COPY job /job',
      'CMD ["/job"]',
    ),
    files: { job: '#!/bin/bash\ncurl -s "$JOB" | bash\n' },
    never: ['slim-base'],
  },
  {
    name: 'a script that mounts through a function',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y cifs-utils',
      'COPY go.sh /opt/go.sh',
      'CMD ["bash", "-c", "/opt/go.sh start"]',
    ),
    files: { 'go.sh': '#!/bin/bash\nup() { mount -t cifs //x/y /mnt; }\nup\nsleep infinity\n' },
    never: ['nonroot-user', 'elevated-files'],
  },
  {
    name: 'a build argument in the address of a download',
    dockerfile: file(
      'FROM debian:trixie',
      'ARG VERSION=1.2.3',
      'ADD https://example.org/tool-${VERSION}.tar.gz /opt/',
      'CMD ["sleep", "60"]',
    ),
    applies: ['elevated-files:files', 'nonroot-user:user'],
  },
  {
    name: 'an app of PHP whose entry script writes settings',
    dockerfile: file(
      'FROM php:8.4-apache',
      'COPY src/ /var/www/html/',
      'COPY entry.sh /entry.sh',
      'ENTRYPOINT ["/entry.sh"]',
      'CMD ["apache2-foreground"]',
    ),
    files: { 'entry.sh': '#!/bin/sh\nset -e\necho "$CONF" > /etc/app.ini\nexec "$@"\n' },
    applies: ['elevated-files:files'],
  },
  {
    name: 'a binary of the context beside a compiler',
    dockerfile: file(
      'FROM golang:1.24',
      'COPY . /src',
      'RUN cd /src && go vet ./...',
      'COPY vendor-tool /usr/local/bin/vendor-tool',
      'CMD ["vendor-tool"]',
    ),
    never: ['runtime-stage'],
    applies: ['elevated-files:files'],
  },
  {
    name: 'a lock file that is out of date',
    dockerfile: file(
      'FROM node:22-slim',
      'WORKDIR /app',
      'COPY package*.json ./',
      'RUN npm install',
      'USER node',
      'CMD ["node", "a.js"]',
    ),
    files: {
      'package.json': '{"dependencies":{"a":"^2.0.0"}}',
      'package-lock.json': '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1.0.0"}}}}',
    },
    applies: ['elevated-files:files'],
  },
  {
    name: 'a start script by its interpreter in shell form',
    dockerfile: file('FROM debian:trixie', 'WORKDIR /app', 'COPY . .', 'CMD bash ./start.sh'),
    files: { 'start.sh': 'echo hello\n' },
    applies: ['elevated-files:files', 'exec-form:cmd'],
  },
  {
    name: 'a time server by an exec form with a shell',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y chrony',
      'CMD ["/bin/sh", "-c", "exec chronyd -d -s"]',
    ),
    never: ['nonroot-user'],
  },
  {
    name: 'a wrapper in an inherited command',
    dockerfile: file('FROM redis:8', 'COPY redis.conf /etc/redis.conf'),
    never: ['runtime-stage', 'exec-form'],
  },
  {
    name: 'packages of Debian that a script in a volume builds',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y build-essential devscripts debhelper',
      'CMD ["/src/packaging/build.sh"]',
    ),
    never: ['unused-tools', 'slim-base', 'runtime-stage'],
  },
];
