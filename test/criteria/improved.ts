import { type CorpusCase, file } from './case.ts';

const ELEVATED = 'elevated-files:files';

/** Images that the default improves, with the edits that it applies besides harmless ones. */
export const IMPROVED: readonly CorpusCase[] = [
  {
    name: 'a server of Node.js in shell form',
    dockerfile: file('FROM node:22', 'WORKDIR /app', 'COPY server.js .', 'CMD node server.js'),
    files: { 'server.js': '' },
    applies: [ELEVATED, 'exec-form:cmd'],
  },
  {
    name: 'a service of Python',
    dockerfile: file(
      'FROM python:3.13',
      'COPY requirements.txt .',
      'RUN pip install -r requirements.txt',
      'COPY app.py .',
      'CMD python3 app.py --port 8000',
    ),
    files: { 'app.py': '', 'requirements.txt': 'flask==3.0.0\n' },
    applies: [ELEVATED, 'exec-form:cmd'],
  },
  {
    name: 'packages behind a timeout',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN timeout 60 apt-get update && apt-get install -y curl',
      'CMD ["curl", "--version"]',
    ),
    applies: [ELEVATED],
  },
  {
    name: 'a health check in shell form',
    dockerfile: file(
      'FROM node:22',
      'COPY server.js /',
      'HEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1',
      'CMD ["node", "/server.js"]',
    ),
    files: { 'server.js': '' },
    applies: [ELEVATED, 'exec-form:healthcheck'],
  },
  {
    name: 'a script of the context with its first line',
    dockerfile: file('FROM debian:trixie', 'COPY start.sh /start.sh', 'CMD /start.sh --now'),
    files: { 'start.sh': '#!/bin/sh\necho "$@"\n' },
    applies: [ELEVATED, 'exec-form:cmd'],
  },
  {
    name: 'a job that only prints',
    dockerfile: file(
      'FROM debian:trixie',
      'COPY notes.txt /notes.txt',
      'CMD ["cat", "/notes.txt"]',
    ),
    files: { 'notes.txt': 'hello\n' },
    applies: [ELEVATED, 'nonroot-user:user'],
  },
  {
    name: 'a tool that nothing calls, beside a server',
    dockerfile: file(
      'FROM debian:trixie',
      'RUN apt-get update && apt-get install -y redis-server gdb && rm -rf /var/lib/apt/lists/*',
      'CMD ["redis-server"]',
    ),
    applies: [ELEVATED],
  },
  {
    name: 'an install beside a lock file that is up to date',
    dockerfile: file(
      'FROM node:22-slim',
      'WORKDIR /app',
      'COPY package.json package-lock.json ./',
      'RUN npm install',
      'COPY server.js .',
      'USER node',
      'CMD ["node", "server.js"]',
    ),
    files: {
      'server.js': '',
      'package.json': '{"dependencies":{"a":"^1.0.0"}}',
      'package-lock.json': '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1.0.0"}}}}',
    },
    applies: ['lock-files:npm', ELEVATED],
  },
  {
    name: 'an entry point that hands on, and a command in shell form',
    dockerfile: file(
      'FROM debian:trixie',
      'COPY entry.sh /entry.sh',
      'ENTRYPOINT ["/entry.sh"]',
      'CMD sleep 60',
    ),
    files: { 'entry.sh': '#!/bin/sh\necho ready\nexec "$@"\n' },
    applies: [ELEVATED, 'exec-form:cmd'],
  },
  {
    name: 'CRLF',
    dockerfile: 'FROM node:22\r\nCOPY server.js /\r\nCMD node /server.js\r\n',
    files: { 'server.js': '' },
    applies: [ELEVATED, 'exec-form:cmd'],
  },
  {
    name: 'a stage that builds, and a program that was built',
    dockerfile: file(
      'FROM golang:1.24 AS build',
      'WORKDIR /src',
      'COPY . .',
      'RUN go build -o /out/app .',
      'FROM debian:trixie-slim',
      'COPY --from=build /out/app /usr/local/bin/app',
      'CMD app --listen :8080',
    ),
    applies: [ELEVATED, 'exec-form:cmd'],
  },
];
