import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { printedBy } from './containers.ts';
import { bases, output, own } from './harness.ts';
import { isWhole } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * What normalising must not change: one image, as the rules leave it and as BuildKit made it, asked
 * the same questions.
 */

const scoville = scovilleHere();
const SAFE = own('scoville-means:safe');
const ASIS = own('scoville-means:off');
const SLOW = 15 * 60_000;
const folder = folderHere('means');

/** The JDK stays in a stage: BuildKit has it for the questions too, and no image carries it. */
const JDK = `FROM ${bases.debian} AS jdk
RUN mkdir -p /usr/share/man/man1 && apt-get update \\
 && apt-get install -y --no-install-recommends openjdk-21-jdk-headless && rm -rf /var/lib/apt/lists/*
`;
const JAR = `${JDK}
WORKDIR /s
COPY Main.java .
RUN javac Main.java && jar cfe app.jar Main Main.class \\
 && keytool -genkeypair -alias k -keyalg EC -dname CN=t -keystore k.p12 -storepass secret \\
 && jarsigner -keystore k.p12 -storepass secret app.jar k > /dev/null
`;
// A JDK is a third of a gigabyte: `npm run test:all` has it.
const DOCKERFILE = `${isWhole ? JAR : ''}FROM ${bases.debian}
RUN apt-get update && apt-get install -y --no-install-recommends python3-minimal fontconfig fonts-dejavu-core \\
 && rm -rf /var/lib/apt/lists/*
COPY m.py /app/
RUN python3 -c 'import sys; sys.path.insert(0, "/app"); import m' && fc-cache -f
${isWhole ? 'COPY --from=jdk /s/app.jar /etc/ssl/certs/java/cacerts /s/' : ''}
CMD ["python3", "/app/m.py"]
`;

/** Each line of output is one answer; nothing in it may depend on the time. */
const QUESTIONS = `
say() { printf '%s: %s\\n' "$1" "$2"; }
cd /app
say own "$(python3 -v -c 'import m' 2>&1 | grep -c 'matches /app/m.py')"
say stale "$(python3 -v -c 'import m, os, argparse, re' 2>&1 | grep -c 'bytecode is stale')"
say library "$(python3 -v -c 'import argparse' 2>&1 | grep -c 'argparse.cpython-[0-9]*.pyc matches')"
say valid-fonts "$(fc-cache -v | grep -c 'existing cache is valid')"
say new-fonts "$(fc-cache -v | grep -c 'caching, new cache')"
say font "$(fc-match sans)"
say dpkg "$(dpkg -l | sha256sum)"
say audit "$(dpkg --audit | wc -l)"
say verify "$(dpkg --verify | sort)"
say libraries "$(ldconfig -p | sha256sum)"
say shadow "$(cut -d: -f1,2,4- /etc/shadow | sha256sum)"
`;

beforeAll(async () => {
  const dir = join(folder, 'image');
  mkdirSync(dir);
  writeFileSync(join(dir, 'Dockerfile'), DOCKERFILE);
  writeFileSync(join(dir, 'm.py'), 'print("hello")\n');
  writeFileSync(
    join(dir, 'Main.java'),
    'class Main { public static void main(String[] a) { System.out.println("hello"); } }\n',
  );
  const flags = ['--no-interactive', '--sign=false', '--scanner=none', '--grade=false'];
  for (const [name, mode] of [
    [ASIS, 'off'],
    [SAFE, 'safe'],
  ] as const)
    await scoville.expect(0, ['build', ...flags, `--repro=${mode}`, '-t', name, dir]);
}, SLOW);

async function answers(name: string): Promise<ReadonlyMap<string, string>> {
  const said = await printedBy('--network=none', name, 'sh', '-c', QUESTIONS);
  const lines = said.trimEnd().split(/\n(?=[a-z-]+: )/);
  return new Map(lines.map((line) => [line.split(':')[0] ?? '', line.replace(/^[^:]*: /, '')]));
}

/** What the JDK's tools say of the files in an image. */
async function javaSays(name: string): Promise<string> {
  const dir = join(folder, `java-${name.split(':')[1] ?? ''}`);
  mkdirSync(dir);
  writeFileSync(
    join(dir, 'Dockerfile'),
    `${JDK}
COPY --from=${name} /s /c
RUN { jarsigner -verify /c/app.jar | grep '^jar verified'; java -jar /c/app.jar; \\
 keytool -list -keystore /c/cacerts -storepass changeit | grep -c trustedCertEntry; \\
 keytool -list -keystore /c/cacerts -storepass changeit | grep fingerprint | sort; } > /said
FROM scratch
COPY --from=jdk /said /
`,
  );
  await output('docker', ['buildx', 'build', '--output', `type=local,dest=${dir}`, dir]);
  return readFileSync(join(dir, 'said'), 'utf8');
}

describe('an image after the rules answers as before', () => {
  test(
    'compiled files load, caches are valid, packages are whole, its own command runs',
    async () => {
      const after = await answers(SAFE);
      expect(after).toEqual(await answers(ASIS));
      expect(Object.fromEntries(after)).toMatchObject({
        own: '1',
        stale: '0',
        library: '1',
        'new-fonts': '0',
        audit: '0',
      });
      expect(Number(after.get('valid-fonts'))).toBeGreaterThan(0);
      for (const name of [ASIS, SAFE])
        expect(await printedBy('--network=none', name)).toBe('hello\n');
    },
    SLOW,
  );

  test.runIf(isWhole)(
    'a jar keeps its signature and runs, keytool reads the trust store',
    async () => {
      const after = await javaSays(SAFE);
      expect(after).toBe(await javaSays(ASIS));
      const [verified, hello, trusted] = after.split('\n');
      expect([verified, hello]).toEqual(['jar verified.', 'hello']);
      expect(Number(trusted)).toBeGreaterThan(100);
    },
    SLOW,
  );

  test(
    'apt installs and removes',
    async () => {
      const script =
        'apt-get update -qq && apt-get install -qq -y --no-install-recommends hello > /dev/null && hello && apt-get purge -qq -y hello > /dev/null && test ! -e /usr/bin/hello';
      const said = await printedBy(SAFE, 'sh', '-c', script);
      expect(said).toContain('Hello, world!');
    },
    SLOW,
  );
});
