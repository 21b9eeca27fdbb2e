import { type CorpusCase, file } from './case.ts';

const ROOT = ['nonroot-user', 'runtime-stage'];
const TOOLS = ['runtime-stage', 'slim-base'];

/** Images that the default must not change but for harmless edits. */
export const UNTOUCHED: readonly CorpusCase[] = [
  {
    name: 'a compiling stage, and a script that the base’s shell starts',
    dockerfile: file(
      'FROM gcc:14',
      'WORKDIR /src',
      'COPY . .',
      'RUN make',
      'COPY check.sh /check.sh',
      'ENTRYPOINT ["/bin/sh", "/check.sh"]',
    ),
    files: { 'check.sh': '#!/bin/sh\n/src/tool --check "$@"\n' },
    never: ['runtime-stage'],
    applies: ['elevated-files:files'],
  },
  {
    name: 'an NFS server',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y nfs-kernel-server && mkdir -p /exports',
      'COPY run.sh /run.sh',
      'EXPOSE 2049',
      'CMD ["/run.sh"]',
    ),
    files: { 'run.sh': '#!/bin/bash\nset -e\nrpcbind\nexportfs -ra\nexec rpc.nfsd -F\n' },
    never: ROOT,
  },
  {
    name: 'sshd',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y openssh-server && mkdir /var/run/sshd',
      'EXPOSE 22',
      'CMD ["/usr/sbin/sshd", "-D"]',
    ),
    never: [...ROOT, 'elevated-files'],
  },
  {
    name: 'systemd',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y systemd',
      'VOLUME ["/sys/fs/cgroup"]',
      'CMD ["/lib/systemd/systemd"]',
    ),
    never: [...ROOT, 'elevated-files'],
  },
  {
    name: 'cron behind a shell form',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y cron',
      'COPY jobs /etc/cron.d/jobs',
      'CMD cron && tail -f /var/log/cron.log',
    ),
    never: [...ROOT, 'elevated-files', 'exec-form'],
  },
  {
    name: 'an entry script that hands its folder over and drops root',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN useradd -r app && mkdir /data',
      'COPY entry.sh /usr/local/bin/entry.sh',
      'ENTRYPOINT ["entry.sh"]',
      'CMD ["server"]',
    ),
    files: { 'entry.sh': '#!/bin/sh\nchown -R app /data\nexec gosu app "$@"\n' },
    never: ROOT,
  },
  {
    name: 'a toolchain to compile in',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y build-essential cmake ninja-build git',
      'WORKDIR /work',
      'CMD ["make"]',
    ),
    never: TOOLS,
  },
  {
    name: 'a toolchain to work in',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y gcc gdb strace curl',
      'CMD ["/bin/bash"]',
    ),
    never: TOOLS,
  },
  {
    name: 'a base that others build on',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y gcc make curl ca-certificates',
      'ENV LANG=C.UTF-8',
    ),
    never: TOOLS,
  },
  {
    name: 'a base with triggers',
    dockerfile: file('FROM node:22', 'WORKDIR /app', 'ONBUILD COPY . .', 'CMD ["npm", "start"]'),
    never: TOOLS,
  },
  {
    name: 'a development container',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y sudo git gdb && useradd -m vscode',
      'USER vscode',
      'RUN sudo apt-get install -y jq',
      'CMD ["sleep", "infinity"]',
    ),
    never: [...TOOLS, 'elevated-files', 'sudo'],
  },
  {
    name: 'a docker in docker',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y docker.io iptables',
      'COPY start.sh /',
      'ENTRYPOINT ["/start.sh"]',
    ),
    files: { 'start.sh': '#!/bin/sh\niptables -L >/dev/null\nexec dockerd "$@"\n' },
    never: ROOT,
  },
  {
    name: 'a VPN behind tini',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y openvpn tini',
      'ENTRYPOINT ["tini", "--", "openvpn"]',
      'CMD ["--config", "/etc/openvpn/server.conf"]',
    ),
    never: ROOT,
  },
  {
    name: 'an installer of packages at start',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update',
      'COPY start.sh /start.sh',
      'CMD ["/start.sh"]',
    ),
    files: { 'start.sh': '#!/bin/sh\napt-get install -y $EXTRA\nexec app\n' },
    never: [...ROOT, 'package-caches'],
  },
  {
    name: 'two targets, of which one builds on the other',
    dockerfile: file(
      'FROM python:3.13 AS dev',
      'COPY app.py /app.py',
      'RUN pip install pytest',
      'CMD ["pytest"]',
      'FROM dev AS prod',
      'CMD ["python3", "/app.py"]',
    ),
    files: { 'app.py': 'print(1)\n' },
    applies: ['elevated-files:files'],
  },
  {
    name: 'a script without a first line of its own',
    dockerfile: file('FROM debian:trixie', 'COPY start.sh /start.sh', 'CMD /start.sh'),
    files: { 'start.sh': 'echo hello\n' },
    never: ['exec-form'],
    applies: ['elevated-files:files'],
  },
  {
    name: 'a database whose entry point looks at its words',
    dockerfile: file('FROM postgres:17', 'CMD postgres -c shared_buffers=1GB'),
    never: ['runtime-stage'],
  },
  {
    name: 'a copied program that is a script',
    dockerfile: file(
      'FROM golang:1.24 AS build',
      'COPY . /src',
      'RUN cd /src && go build -o /out/helper .',
      'FROM debian:trixie',
      'COPY --from=build /out/helper /usr/local/bin/helper',
      'COPY run /usr/local/bin/run',
      'RUN useradd app',
      'USER app',
      'CMD ["run"]',
    ),
    files: { run: '#!/bin/sh\nhelper | sort\n' },
    never: ['runtime-stage', 'nonroot-user'],
    applies: ['elevated-files:files'],
  },
  {
    name: 'a Windows image',
    dockerfile: file(
      '# escape=`',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022',
      'COPY app.exe C:\\app\\',
      'CMD C:\\app\\app.exe --serve',
    ),
    never: ['exec-form', 'nonroot-user', 'elevated-files'],
  },
  {
    name: 'settings that the app reads, and a build that reads the history',
    dockerfile: file(
      'FROM node:22-slim',
      'USER node',
      'WORKDIR /app',
      'COPY . .',
      'RUN npm run build',
      'CMD ["node", "dist/server.js"]',
    ),
    files: { '.env': 'A=1\n', '.git': '', 'package.json': '{}' },
    applies: ['elevated-files:files'],
  },
  {
    name: 'comments, here-documents and another frontend',
    dockerfile: file(
      '# syntax=docker/dockerfile:1.0',
      'FROM node:22-slim',
      'COPY <<EOF /etc/motd',
      'RUN apt-get update',
      'CMD node x',
      'EOF',
      'RUN npm ci',
      'USER node',
      'CMD ["node", "a.js"]',
    ),
    never: ['exec-form', 'package-caches'],
    applies: ['elevated-files:files'],
  },
];
