import { describe, expect, test } from 'vitest';
import { runtimeImages, runtimeStage } from '../../src/criteria/no-shell.ts';
import { offlineRuns } from '../../src/criteria/verified-downloads.ts';
import { readForEdits } from '../../src/dockerfile/analyse-dockerfile.ts';
import { withBase } from './bases.ts';
import { type Around, DIGEST, DISTROLESS, fixed } from './support.ts';

/** The text without the digests, which one test looks at. */
async function fix(text: string, more: Around = {}) {
  const facts = { digests: DISTROLESS, ...more.facts };
  const done = await fixed(runtimeStage, text, { ...more, facts });
  return { ...done, text: done.text.replaceAll(`@${DIGEST}`, '') };
}

describe('runtime-stage', () => {
  test('a program by its name, in a folder of that name, and a database beside an app', async () => {
    const go = await fix(
      'FROM golang:1.24\nADD . /go/src/hop\nWORKDIR /go/src/hop\nRUN go build -o /usr/local/bin/hop .\nENTRYPOINT ["hop"]\n',
    );
    expect(go.text).toContain('COPY --from=build /usr/local/bin/hop /usr/local/bin/hop\n');
    const python = await fix(
      'FROM python:3.13\nWORKDIR /app\nCOPY . .\nRUN python manage.py migrate\nCMD ["python", "manage.py"]\n',
      { files: { 'settings.py': 'ENGINE = "django.db.backends.sqlite3"' } },
    );
    expect(python.text).toContain("find /app -type f -name '*.db' -o");
    expect(python.text).toContain('    chown 65532:65532 "$path" "$(dirname "$path")"; \\\n');
  });

  test('Node.js: the image of its version, the app’s folder, and what npm start stands for', async () => {
    const done = await fix(
      `FROM node:22.4-slim
# who asks
MAINTAINER web team
COPY . /app
WORKDIR /app
RUN npm ci
ENV PORT=8080
EXPOSE 8080
CMD npm start
`,
      { files: { 'package.json': '{"scripts":{"start":"node server.js --quiet"}}' } },
    );
    expect(done.text).toBe(
      `FROM node:22.4-slim AS build
COPY . /app
WORKDIR /app
RUN npm ci
# What the final stage needs of this one
RUN --network=none mkdir -p /runtime/app \\
 && chown 65532:65532 /runtime/app

# Node.js and the app: no shell, no package manager, no build tools
FROM gcr.io/distroless/nodejs22-debian13:nonroot
ENV PORT=8080
COPY --from=build /runtime/ /
WORKDIR /app
COPY --from=build /app /app
# who asks
MAINTAINER web team
EXPOSE 8080
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["server.js", "--quiet"]
`,
    );
    expect(done.ids).toEqual(['runtime-stage:final']);
    expect(done.again).toEqual([]);
  });

  test('Go: the program alone, where it was built to; without cgo on the image without libc', async () => {
    const go = (more: string): string => `FROM golang:1.24
WORKDIR /src
COPY . .
RUN ${more}go build -o /usr/local/bin/counter .
CMD ["counter", "-v"]
`;
    const { text } = await fix(go(''));
    expect(text.split('\n').slice(4)).toEqual([
      '# What the final stage needs of this one',
      'RUN --network=none mkdir -p /runtime/src \\',
      ' && chown 65532:65532 /runtime/src',
      '',
      '# The program: no shell, no package manager, no build tools',
      'FROM gcr.io/distroless/cc-debian13:nonroot',
      'COPY --from=build /runtime/ /',
      'WORKDIR /src',
      'COPY --from=build /usr/local/bin/counter /usr/local/bin/counter',
      'USER 65532:65532',
      'CMD ["/usr/local/bin/counter", "-v"]',
      '',
    ]);
    expect((await fix(go('CGO_ENABLED=0 '))).text).toContain('distroless/static-debian13:nonroot');
  });

  test('C: shared libraries are followed in the build, and their packages named', async () => {
    const { text } = await fix(
      'FROM gcc:14\nCOPY . /src\nWORKDIR /src\nRUN make\nCMD /src/greeter\n',
    );
    expect(text).toContain('find /src/greeter -type f -exec ldd {} +');
    expect(text).toContain('/runtime/var/lib/dpkg/status.d/$package');
    expect(text).toContain(
      'COPY --from=build /runtime/ /\nWORKDIR /src\nCOPY --from=build /src/greeter /src/greeter\nUSER 65532:65532\nCMD ["/src/greeter"]\n',
    );
  });

  test('a stage that only copies a program: what it copied goes along, and its new name is free', async () => {
    const { text } = await fix(`FROM golang:1.24 AS build
COPY . .
RUN go build -o /out/pages .
FROM debian:trixie
COPY --from=build /out/pages /usr/bin/
COPY assets /assets
ENTRYPOINT /usr/bin/pages -d /assets
CMD ["ignored"]`);
    expect(text).toContain('FROM debian:trixie AS builder\n');
    expect(text.split('\n').slice(-7)).toEqual([
      '# The program: no shell, no package manager, no build tools',
      'FROM gcr.io/distroless/cc-debian13:nonroot',
      'COPY --from=builder /usr/bin/pages /usr/bin/pages',
      'COPY --from=builder /assets /assets',
      'USER 65532:65532',
      'ENTRYPOINT ["/usr/bin/pages", "-d", "/assets"]',
      '',
    ]);
  });

  test('Python: packages without pip, a module in place of its script, the health check without a shell', async () => {
    const { text } = await fix(`FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
HEALTHCHECK --interval=5s CMD python -c "import app" || exit 1
CMD gunicorn app:app`);
    expect(text).toContain('rm -rf /runtime/packages/pip /runtime/packages/pip-*');
    expect(text).toContain(
      'HEALTHCHECK --interval=5s CMD ["/usr/bin/python3", "-c", "import app"]',
    );
    expect(text).toContain('ENTRYPOINT ["/usr/bin/python3", "-m", "gunicorn"]\nCMD ["app:app"]\n');
  });

  test('Python of a folder of its own: the PATH that leads to it stays in the build', async () => {
    const { text } = await fix(`FROM python:3.13
WORKDIR /app
RUN python3 -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
CMD ["python", "app.py"]`);
    expect(text).toContain('ENV PATH="/opt/venv/bin:$PATH"\n\n# What the final stage needs');
    expect(text.split('FROM gcr.io')[1]).not.toContain('ENV PATH');
  });

  test('Java: the jar on the image of its version', async () => {
    const { text } = await fix(
      'FROM eclipse-temurin:21-jdk\nWORKDIR /a\nRUN javac A.java\nENTRYPOINT ["java", "-Xmx1g", "-jar", "a.jar"]\n',
    );
    expect(text).toContain(
      'FROM gcr.io/distroless/java21-debian13:nonroot\nCOPY --from=build /runtime/ /\nWORKDIR /a\nCOPY --from=build /a/a.jar /a/a.jar\n',
    );
    expect(text).toContain('ENTRYPOINT ["/usr/bin/java", "-Xmx1g", "-jar", "a.jar"]\n');
  });

  test('comments above what is written anew go along, those between the lines stay', async () => {
    const { text } = await fix(`FROM node:22
# where it lives
WORKDIR /a
# nobody in particular
USER node
# what it starts
# and how
CMD node a.js
`);
    expect(text.split('\n').slice(-8)).toEqual([
      'COPY --from=build /a /a',
      '# nobody in particular',
      'USER 65532:65532',
      '# what it starts',
      '# and how',
      'ENTRYPOINT ["/nodejs/bin/node"]',
      'CMD ["a.js"]',
      '',
    ]);
    expect(text).toContain('# where it lives\nWORKDIR /a\n');
  });

  test.each([
    ['FROM golang:1.24\nRUN go install ./...\nCMD ["app"]', '/go/bin/app'],
    ['FROM rust:1.85\nRUN cargo install --path .\nCMD ["app"]', '/usr/local/cargo/bin/app'],
    [
      'FROM rust:1.85\nRUN cargo install --root /usr/local --path .\nCMD ["app"]',
      '/usr/local/bin/app',
    ],
    ['FROM gcc:14\nRUN make && cp out/app /usr/bin/\nCMD ["app"]', '/usr/bin/app'],
    ['FROM gcc:14\nRUN gcc -o/bin/app a.c\nCMD ["app"]', '/bin/app'],
    [
      'FROM golang:1.24 AS b\nRUN go build -o /app\nFROM debian:13\nCOPY --from=b /app /usr/bin/\nCMD ["app"]',
      '/usr/bin/app',
    ],
  ])('a program by its name alone: %j', async (text, path) => {
    const done = await fix(text);
    expect(done.text).toContain(` ${path} ${path}\n`);
    expect(done.text).toContain(`CMD ["${path}"]`);
  });

  test.each([
    ['FROM eclipse-temurin:21-jre', 'java21-debian13'],
    ['FROM maven:3.9.21-amazoncorretto-17', 'java17-debian13'],
  ])('the Java that is there: %j', async (head, image) => {
    const { text } = await fix(`${head}\nWORKDIR /a\nCMD ["java", "-jar", "a.jar"]\n`);
    expect(text).toContain(`FROM gcr.io/distroless/${image}:nonroot`);
  });

  test.each([
    [
      'FROM node:22-slim\nHEALTHCHECK CMD curl -fsS localhost:8080/health || exit 1\nCMD node /a/a.js',
      `HEALTHCHECK CMD ["/nodejs/bin/node", "-e", "fetch('http://localhost:8080/health', { redirect: 'manual' }).then(async (r) => { await r.arrayBuffer(); if (r.status >= 400) throw r.status; })"]`,
    ],
    [
      'FROM python:3.13-slim\nHEALTHCHECK --interval=5s CMD wget -q --spider http://127.0.0.1/ >/dev/null 2>&1 || exit 1\nCMD python /a/a.py',
      `HEALTHCHECK --interval=5s CMD ["/usr/bin/python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1/', timeout=10)"]`,
    ],
  ])('a health check by a client: %j', async (text, check) => {
    const done = await fix(text.replace('\n', '\nWORKDIR /a\n'));
    expect(done.text.split('\n').filter((line) => line.startsWith('HEALTH'))).toEqual([check]);
    expect(done.again).toEqual([]);
  });

  test('what the program may write to is handed over', async () => {
    const { text } = await fix(
      'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN mkdir -p /app/uploads /var/log/app /opt/tool\nVOLUME /data\nCMD node a.js\n',
    );
    expect(text.split('\n').slice(4, 16)).toEqual([
      '# What the final stage needs of this one',
      'RUN --network=none mkdir -p /app/uploads /var/log/app /data /runtime/app \\',
      ' && chown -R 65532:65532 /app/uploads /var/log/app /data \\',
      ' && cp -a --parents /var/log/app /data /runtime \\',
      ' && chown 65532:65532 /runtime/app',
      '',
      '# Node.js and the app: no shell, no package manager, no build tools',
      'FROM gcr.io/distroless/nodejs22-debian13:nonroot',
      'COPY --from=build /runtime/ /',
      'WORKDIR /app',
      'COPY --from=build /app /app',
      'VOLUME /data',
    ]);
  });

  test('what it writes needs no reading, though it starts an interpreter', async () => {
    const { text } = await fix('FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD python a.py\n');
    expect(text).toContain('python3 -c');
    expect(await fixed(offlineRuns, text)).toMatchObject({ ids: [], refusals: [] });
  });

  test.each([
    ['the root, wherever this program runs', '', '/app'],
    ['the folder that the base works in', '/srv', '/srv/app'],
  ])('a relative folder is below %s', async (_, folder, expected) => {
    const base = withBase({ folder }).facts.bases?.get('docker.io/library/a:latest');
    const bases = new Map(base === undefined ? [] : [['docker.io/library/node:22', base]]);
    const more = folder === '' ? {} : { facts: { bases } };
    const { text } = await fix('FROM node:22\nWORKDIR app\nCOPY . .\nCMD ["node", "a.js"]\n', more);
    expect(text.split('\n').filter((line) => /^(?:WORKDIR|COPY --from)/.test(line))).toEqual([
      'WORKDIR app',
      'COPY --from=build /runtime/ /',
      `WORKDIR ${expected}`,
      `COPY --from=build ${expected} ${expected}`,
    ]);
  });

  test('names the images whose digests it wants, of the mirror that the settings name', () => {
    const read = readForEdits('FROM node:22\nCMD node a.js', { buildArgs: {} });
    if (!read.ok) throw new Error(read.error.message);
    const names = runtimeImages(read.value, 'registry.example.com/distroless').map(
      ({ registry, repository, tag }) => `${registry}/${repository}:${tag ?? ''}`,
    );
    expect(names).toContain('registry.example.com/distroless/nodejs22-debian13:nonroot');
  });
});
