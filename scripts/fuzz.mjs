// npm run fuzz [-- --time [--parser WORD] [--most BYTES]]: what hostile input does.
//
// Without flags: the suites of test/fuzz, which look for answers that are wrong.
// With --time: grows hostile inputs of each parser that lint and grade reach, from 16 KiB by doubling (to --most, 1 MiB a form), and
// compares the processor time at n, 2n and 4n. All forms of a parser are read in one run; where that is slow, each form alone.
// Needs the bundle (npm run build). Exit 1: a form takes more than linear time.
import './usage.mjs';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BINARY, entry, LINES, TAR, TEXT, writeImage } from './fuzz/forms.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    time: { type: 'boolean', default: false },
    parser: { type: 'string', default: '' },
    most: { type: 'string', default: String(1024 * 1024) },
  },
});
const LEAST = 16 * 1024;
/** Milliseconds; below this the start of a program decides. */
const FLOOR = 150;
const TOO_STEEP = 3;
/** Seconds of processor time, and of waiting. */
const [LIMIT, MOST_WAIT] = [60, 900];
const folder = mkdtempSync(join(tmpdir(), 'scoville-fuzz-'));
const spent = join(folder, 'spent');
/** Each scoville writes its processor time, with that of its threads, as it ends. */
const PRELOAD = `data:text/javascript,${encodeURIComponent(
  "import { writeFileSync } from 'node:fs'; process.on('exit', () => { const { user, system } = process.cpuUsage(); writeFileSync(process.env.FUZZ_SPENT, String((user + system) / 1000)); });",
)}`;

/** Milliseconds of processor time of one run over forms of a size; Infinity where it was ended. */
function run([, args, write], forms, size) {
  const dir = join(folder, 'case');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'bin'), { recursive: true });
  rmSync(spent, { force: true });
  const more =
    write(
      dir,
      Object.values(forms).map((form) => form(size)),
    ) ?? [];
  const command = [process.execPath, join(ROOT, 'dist/scoville.js'), ...args, ...more];
  const { stderr } = spawnSync('sh', ['-c', `ulimit -t ${LIMIT}; exec "$@"`, 'sh', ...command], {
    cwd: dir,
    timeout: MOST_WAIT * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 30,
    env: {
      ...process.env,
      PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      FUZZ_SPENT: spent,
      SCOVILLE_HOME: join(folder, 'home'),
    },
  });
  if (/defect of|call stack|out of memory/.test(stderr))
    process.stdout.write(`DEFECT\t${stderr}\n`);
  const text = readFileSync(spent, { encoding: 'utf8', flag: 'a+' });
  return text === '' ? Infinity : Number(text);
}

/** Times at doubling sizes; slow where they grow faster than the input, twice in a row. */
function growth(parser, forms) {
  const start = run(parser, forms, 1024);
  const times = [];
  for (let size = LEAST; size <= Number(values.most); size *= 2) {
    times.push(Math.max(1, run(parser, forms, size) - start));
    const [a, b, c] = times.slice(-3);
    const isSlow =
      times.at(-1) === Infinity || (a > FLOOR && b > TOO_STEEP * a && c > TOO_STEEP * b);
    if (isSlow) return { times, isSlow };
  }
  return { times, isSlow: false };
}

function growths(parser) {
  const [, , , forms, isEach] = parser;
  const all = isEach ? { isSlow: true } : { form: 'all', ...growth(parser, forms) };
  if (!all.isSlow) return [all];
  const each = Object.entries(forms).map(([form, make]) => ({
    form: JSON.stringify(form),
    ...growth(parser, { [form]: make }),
  }));
  return isEach || each.some(({ isSlow }) => isSlow) ? each : [all];
}

const GRADE = ['grade', '--scanner', 'none', '--json', '-q', 'oci:.'];
const file = (path, content) => entry(path, { content, mode: 0o755 });
const inLayers = (paths, forms) =>
  paths
    .split(' ')
    .map((path) => [
      path,
      GRADE,
      (dir, texts) => writeImage(dir, [...texts.map((text) => file(path, text))]),
      forms,
    ]);
const inDocuments = (name, fields) => [
  name,
  GRADE,
  (dir, texts) => writeImage(dir, [file('app', 'x')], fields(texts)),
  TEXT,
];
/** A file for each form, so that one that is refused does not hide the others. */
const dockerfiles = (word, forms = TEXT) => {
  const write = (dir, texts) =>
    texts.map((text, at) => {
      // BuildKit takes lines of up to 65,535 bytes.
      const folded = (word + text).replaceAll(/[^\n]{60000}/g, '$&\\\n');
      writeFileSync(join(dir, `${at}.Dockerfile`), `FROM debian:trixie-slim\n${folded}\n`);
      return `${at}.Dockerfile`;
    });
  return [`Dockerfile ${word.trim()}`, ['lint', '--json'], write, forms];
};
/** A file beside a Dockerfile and an image; of JSON, where the text is in it as one word. */
const beside = (path, args, before = '', after = '', quote = String) => {
  const write = (dir, texts) => {
    writeImage(dir, [file('app', 'x')]);
    writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    writeFileSync(join(dir, 'bin/trivy'), '#!/bin/sh\ncat trivy.json\n', { mode: 0o755 });
    writeFileSync(join(dir, path), `${before}${texts.map((text) => quote(text)).join()}${after}`);
  };
  return [path, args, write, TEXT, true];
};
const pairs = (texts) => Object.fromEntries(texts.map((text, at) => [`a${at}`, text]));
const STARTS =
  'ENV A=|ENV A="|LABEL a=|ARG A=|RUN |RUN x "|RUN x \'|RUN curl http://|COPY |ADD http://|CMD [|USER |# scoville: ignore=|RUN <<A\n|SHELL ["';
const PARSERS = [
  ...STARTS.split('|').map((word) => dockerfiles(word)),
  dockerfiles('', LINES),
  beside('.dockerignore', ['lint', '--json']),
  beside(
    'compose.yaml',
    ['lint', 'compose.yaml'],
    'services: {x: {build: {context: ., args: {A: "',
    '"}}}}',
  ),
  beside('.scoville.yaml', ['lint', '--json'], 'image: {authors: '),
  beside('scoville.lock', ['build', '--dry-run', '.'], 'schemaVersion: 1\nimages: '),
  beside(
    'vex.json',
    [...GRADE, '--vex', 'vex.json'],
    '{"@context":"https://openvex.dev/ns/v0.2.0","@id":"a","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2026-1"},"status":"fixed","products":[{"@id":',
    '}]}]}',
    JSON.stringify,
  ),
  beside(
    'trivy.json',
    ['grade', '--scanner', 'trivy', '--json', '-q', 'oci:.'],
    '{"SchemaVersion":2,"Results":[{"Target":"a","Class":"os-pkgs","Type":"debian","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-1","Severity":"HIGH","PkgName":"a","InstalledVersion":',
    ',"FixedVersion":"1"}]}]}',
    JSON.stringify,
  ),
  inDocuments('labels', (texts) => ({ config: { Labels: pairs(texts) } })),
  inDocuments('environment', (texts) => ({ config: { Env: texts.map((text) => `A=${text}`) } })),
  inDocuments('history', (texts) => ({
    own: { history: texts.map((text) => ({ created_by: `RUN ${text}`, empty_layer: true })) },
  })),
  inDocuments('annotations', (texts) => ({ manifest: { annotations: pairs(texts) } })),
  ['tar', GRADE, writeImage, TAR, true],
  ...inLayers(
    'opt/a.bin opt/a.zip opt/a.jar opt/a.gz usr/bin/a var/lib/rpm/rpmdb.sqlite var/lib/rpm/Packages var/lib/rpm/Packages.db opt/a.deb srv/a.pyc',
    BINARY,
  ),
  ...inLayers(
    'var/lib/dpkg/status var/lib/dpkg/status.d/a var/lib/dpkg/info/a.list usr/share/doc/a/copyright lib/apk/db/installed etc/os-release etc/passwd etc/shadow etc/group etc/apt/sources.list usr/lib/python3/dist-packages/a-1.dist-info/METADATA usr/lib/python3/dist-packages/a-1.dist-info/RECORD usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO srv/node_modules/a/package.json srv/package-lock.json usr/share/gems/specifications/a-1.gemspec srv/vendor/composer/installed.json srv/a.deps.json root/.npmrc root/.netrc root/.docker/config.json root/.kube/config root/.aws/credentials root/.git-credentials root/.m2/settings.xml root/.pypirc root/.pgpass root/.ssh/id_rsa srv/.env srv/.git/config srv/a.txt srv/a.json srv/a.yaml srv/a.sh srv/a.ini srv/a.tfstate srv/a.pem',
    TEXT,
  ),
];

function timed() {
  let count = 0;
  for (const parser of PARSERS.filter(([name]) => name.includes(values.parser)))
    for (const { form, times, isSlow } of growths(parser)) {
      count += isSlow ? 1 : 0;
      const shown = times.map(
        (ms, at) => `${(LEAST * 2 ** at) / 1024}K ${(ms / 1000).toFixed(2)} s`,
      );
      const line = [isSlow ? 'SLOW' : 'ok', parser[0], form, shown.slice(-4).join(', ')];
      process.stdout.write(`${line.join('\t')}\n`);
    }
  process.stdout.write(`${count} forms take more than linear time\n`);
  return count === 0 ? 0 : 1;
}

try {
  const suites = ['vitest', 'run', '--project', 'unit*', 'test/fuzz'];
  process.exitCode = values.time
    ? timed()
    : (spawnSync('npx', suites, { cwd: ROOT, stdio: 'inherit' }).status ?? 2);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
