import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

// Forms that pass on a quiet machine and fail on a busy one, or beside another test. Each has one
// place that does it right.
interface Form {
  readonly what: string;
  /** What does it right. */
  readonly use: string;
  readonly pattern: RegExp;
  readonly is: readonly string[];
  readonly isNot: readonly string[];
  /** Only in files that need an engine, and what they share. */
  readonly endToEnd?: boolean;
  /** Files that may, with why. */
  readonly but?: Readonly<Record<string, string>>;
}

const FORMS: readonly Form[] = [
  {
    what: 'a container’s output, read from an attached stream',
    use: 'printedBy or runContainer (test/e2e/containers.ts)',
    pattern: /'run',\s*(?:\.{3}\w+,\s*)*'(?:--rm|-it?)'|\bdocker run (?!-d\b|--detach\b)/,
    is: [
      "output('docker', ['run', '--rm', NAME])",
      "[...host, 'run',\n  '--rm']",
      '`docker run --rm x`',
    ],
    isNot: ["['run', '-d', NAME]", "build(0, 'run', ['--push'])", '`docker run --detach x`'],
    endToEnd: true,
  },
  {
    what: 'a port that was found free before',
    use: 'listen(0) and the port that it gives, or serveRegistry (test/e2e/registry-server.ts)',
    pattern:
      /free-?port|\.listen\((?!0\b)(?:\w*[pP]ort\b|Number\(|\d+\s*[,)](?! *[,;]?\\n))|\b[1-9]\d_000 \+ /i,
    is: [
      'await freePort()',
      'server.listen(8080, host)',
      'server.listen(port)',
      '40_000 + (process.pid % 10_000)',
    ],
    isNot: [
      "server.listen(0, '127.0.0.1', done)",
      'server.listen({ path }, done)',
      'proxy.listen(server)',
    ],
    but: {
      'e2e/docs-shell.ts': 'a program that runs in a container',
      'facts/program.test.ts': 'a program that is looked at',
      'init/init.test.ts': 'a program that is read',
      'init/port.test.ts': 'programs that are read',
      'lib/any-port.test.ts': 'ports that fetch refuses; one that is taken is passed over',
      'e2e/fix-verify.e2e.test.ts': 'a program that runs in a container',
      'service/postgres.ts': 'PostgreSQL, which takes no port 0',
      'sigstore/proxy.mjs': 'a port that is asked for by hand; 0 in tests',
      'sigstore/server.mjs': 'a port that is asked for by hand; 0 in tests',
    },
  },
  {
    what: 'an image that is removed by its ID, and with it all names of others',
    use: 'a name by own() (test/e2e/harness.ts)',
    pattern: /'(?:rmi|image',\s*'rm)',[^\]]*(?:(?<!@\$\{)\bdigest\b|\bid\b|trim\(\))/i,
    is: ["['rmi', '-f', ended.stdout.trim()]", "['rmi', '--force', digest]", "['image', 'rm', id]"],
    isNot: ["['rmi', '--force', own('a:1')]", "['rmi', '--force', `${repository}@${digest}`]"],
    endToEnd: true,
  },
  {
    what: 'a mark that another run may have too',
    use: 'OWN or own() (test/e2e/harness.ts)',
    pattern: /process\.pid\b(?!\}\$\{Date\.now\(\)|\} \$\{Date\.now\(\))/,
    is: ['`${registry}/app:${process.pid}`'],
    isNot: ['`${registry}/app:${OWN}`', '`x${process.pid}${Date.now()}`'],
    endToEnd: true,
    but: {
      'e2e/harness.ts': 'where the mark is made',
      'e2e/tmux.ts': 'a socket of this process',
    },
  },
  {
    what: 'a time that is waited for in place of an event',
    use: 'until (test/e2e/until.ts)',
    pattern: /\bsetTimeout\b|\bsetInterval\b|\bsleep\((?!\))/,
    is: [
      'await sleep(100)',
      'new Promise((done) => setTimeout(done, 50))',
      'setInterval(look, 200)',
    ],
    isNot: ["'RUN sleep 60'", 'await until(what, look)'],
    endToEnd: true,
    but: {
      'e2e/until.ts': 'between two looks',
      'e2e/bad-days.e2e.test.ts': 'a program that waits until the command listens for errors',
      'e2e/tmux.ts': 'between two keys of a person, and two looks at what is being drawn',
      'e2e/harness.ts': 'the end of the day is what it waits for',
      'e2e/company.e2e.test.ts': 'between two looks at the processes that run',
      'e2e/fix-verify.e2e.test.ts': 'a program that runs in a container',
      'e2e/service.e2e.test.ts': 'a moment at random at which a process is killed',
      'e2e/service-bad-days.e2e.test.ts':
        'the time that an answer asks for, and a minute in which a database is away',
      'service/many-queued.e2e.test.ts': 'between two looks at pages, while a queue is worked on',
      'e2e/service.ts': 'between two looks at a service that may be away',
      'service/queue.e2e.test.ts':
        'work that takes a moment, and a time in which nothing more comes',
    },
  },
];

const ROOT = join(import.meta.dirname);
const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(?:ts|tsx|mts|mjs)$/.test(path) && !path.startsWith('fixtures/'))
  .filter((path) => path !== 'races.test.ts')
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const isEndToEnd = (path: string): boolean => path.startsWith('e2e/') || path.includes('.e2e.');

describe.each(FORMS)('$what', ({ use, pattern, is, isNot, endToEnd = false, but = {} }) => {
  test('is seen in its forms', () => {
    expect(is.filter((text) => !pattern.test(text))).toEqual([]);
    expect(isNot.filter((text) => pattern.test(text))).toEqual([]);
  });

  test(`is in no test: ${use}`, () => {
    const having = FILES.filter(
      ({ path, text }) => (!endToEnd || isEndToEnd(path)) && pattern.test(withoutComments(text)),
    ).map(({ path }) => path);
    expect(having.filter((path) => !(path in but))).toEqual([]);
    expect(Object.keys(but).filter((path) => !having.includes(path))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
}
