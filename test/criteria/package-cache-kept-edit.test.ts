import { describe, expect, test } from 'vitest';
import { packageCaches } from '../../src/criteria/package-caches.ts';
import { fixed } from './support.ts';

describe('package-caches', () => {
  test.each([
    [
      'apt',
      'RUN apt-get update && apt-get install -y curl',
      'RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*',
    ],
    [
      'apt, && in front',
      'RUN apt-get update \\\n  && apt-get install -y \\\n    # why\n    curl',
      'RUN apt-get update \\\n  && apt-get install -y \\\n    # why\n    curl \\\n    && rm -rf /var/lib/apt/lists/*',
    ],
    [
      'apt, && behind',
      'RUN apt-get update && \\\n    apt-get install -y curl',
      'RUN apt-get update && \\\n    apt-get install -y curl && \\\n    rm -rf /var/lib/apt/lists/*',
    ],
    [
      'apt with CRLF',
      'RUN apt update \\\r\n\t&& apt install -y curl\r',
      'RUN apt update \\\r\n\t&& apt install -y curl \\\r\n\t&& rm -rf /var/lib/apt/lists/*\r',
    ],
    [
      'apk',
      'RUN apk add curl && apk add -t x git',
      'RUN apk add --no-cache curl && apk add --no-cache -t x git',
    ],
    ['dnf', 'RUN microdnf install -y curl', 'RUN microdnf install -y curl && microdnf clean all'],
    [
      'pip',
      'RUN pip3 install flask && python3 -m pip install x',
      'RUN pip3 install --no-cache-dir flask && python3 -m pip install --no-cache-dir x',
    ],
    ['npm', 'RUN npm ci --omit=dev', 'RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev'],
    [
      'npm with a flag',
      'RUN --network=host npm ci',
      'RUN --network=host --mount=type=cache,target=/root/.npm npm ci',
    ],
  ])('%s', async (_, before, after) => {
    const end = before.endsWith('\r') ? '\n' : '\n';
    const head = before.includes('\r') ? 'FROM a\r\n' : 'FROM a\n';
    expect(await fixed(packageCaches, `${head}${before}${end}`)).toMatchObject({
      text: `${head}${after}${end}`,
      refusals: [],
      again: [],
    });
  });

  test('several managers in one RUN, and the same in several, compose', async () => {
    const found = await fixed(
      packageCaches,
      'FROM a\nRUN apt-get update && apt-get install -y x\nRUN apt-get update && apt-get install -y y && pip install z && npm i\n',
    );
    expect(found.text).toBe(
      'FROM a\nRUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*\n' +
        'RUN --mount=type=cache,target=/root/.npm apt-get update && apt-get install -y y && pip install --no-cache-dir z && npm i && rm -rf /var/lib/apt/lists/*\n',
    );
    expect(found.ids).toEqual(['package-caches:apt', 'package-caches:pip', 'package-caches:npm']);
    expect(found.again).toEqual([]);
  });

  test.each([
    ['ok-cleaned', 'RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*'],
    [
      'ok-mounted',
      'RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl',
    ],
    ['ok-no cache', 'RUN apk add --no-cache curl'],
    ['ok-ENV', 'ENV PIP_NO_CACHE_DIR=1\nRUN pip install flask'],
    ['ok-echo', 'RUN echo apt-get install curl'],
    ['ok-npm run', 'RUN npm run build'],
    [
      'ok-ignored',
      '# scoville: ignore=package-cache-kept a later RUN needs them\nRUN apt-get update',
    ],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(packageCaches, text)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test('ok-build stage', async () => {
    const text =
      'FROM a AS build\nRUN apt-get update && apt-get install -y gcc\nFROM a\nCOPY --from=build /x /x\n';
    expect(await fixed(packageCaches, text)).toMatchObject({ text, ids: [] });
  });

  test.each([
    [
      'a here-document',
      'RUN <<E\napt-get update\napt-get install -y x\nE',
      'RUN <<E\napt-get update\napt-get install -y x && rm -rf /var/lib/apt/lists/*\nE',
    ],
    [
      'a shell comment',
      'RUN apt-get update && apt-get install -y x # curl',
      'RUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/* # curl',
    ],
    [
      'a semicolon at the end',
      'RUN apt-get update; apt-get install -y x;',
      'RUN apt-get update; apt-get install -y x && rm -rf /var/lib/apt/lists/*;',
    ],
    [
      'a compound command',
      'RUN if true; then apt-get update; apt-get install x; fi >/log',
      'RUN if true; then apt-get update; apt-get install x; fi >/log && rm -rf /var/lib/apt/lists/*',
    ],
    [
      'sudo behind another wrapper',
      'RUN timeout 60 sudo dnf install -y x',
      'RUN timeout 60 sudo dnf install -y x && sudo dnf clean all',
    ],
    [
      'a script in a string of JSON',
      'RUN ["bash", "-c", "dnf install -y \\"x\\""]',
      'RUN ["bash", "-c", "dnf install -y \\"x\\" && dnf clean all"]',
    ],
  ])('at the end of %s', async (_, before, after) => {
    expect(await fixed(packageCaches, `FROM a\n${before}\n`)).toMatchObject({
      text: `FROM a\n${after}\n`,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['exec form', 'RUN ["apt-get", "update"]', 'it is in exec form'],
    [
      'the background',
      'RUN apt-get update && apt-get install x & ',
      'its last command has no plain end',
    ],
    [
      'an end by exit',
      'RUN apt-get update && apt-get install -y x; exit 0',
      'nothing runs after exit',
    ],
    ['another root', 'RUN chroot /x apt-get update', 'it works below another root'],
    [
      'lists for a script',
      'RUN apt-get update\nRUN ./install.sh',
      'nothing of this RUN reads them, and a later one may',
    ],
    [
      'lists for an upgrade',
      'RUN apt-get update && apt-get install -y x\nRUN apt-get -y dist-upgrade',
      'line 3 installs by them, and does not update them itself',
    ],
  ])('refused: %s', async (_, lines, reason) => {
    const text = `FROM a\n${lines}\n`;
    const found = await fixed(packageCaches, text);
    expect([found.text, found.refusals]).toEqual([
      text,
      [`2: the package lists of apt stay in the layer: ${reason}`],
    ]);
  });

  test('refused: a later RUN needs the lists', async () => {
    const found = await fixed(
      packageCaches,
      'FROM a\nRUN apt-get update\nRUN apt-get install -y x\nRUN apt-get update && apt-get install -y y\n',
    );
    expect(found.text).toBe(
      'FROM a\nRUN apt-get update\nRUN apt-get install -y x\nRUN apt-get update && apt-get install -y y && rm -rf /var/lib/apt/lists/*\n',
    );
    expect(found.refusals).toEqual([
      '2: the package lists of apt stay in the layer: line 3 installs by them, and does not update them itself',
    ]);
  });

  test('refused: npm of another user', async () => {
    const found = await fixed(packageCaches, 'FROM a\nUSER node\nRUN npm ci\n');
    expect(found.refusals).toEqual([
      '3: the packages that npm fetched stay in the layer: npm runs as node, whose folder is not known',
    ]);
  });
});
