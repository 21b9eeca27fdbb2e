import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildContext } from '../../src/build/context-source.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { believed } from '../../src/criteria/code-reads.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const TAKES = 'connect(process.env.DB_PASSWORD)\n';

function contradiction(files: Readonly<Record<string, string>>, declared: readonly string[] = []) {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const settings = {
    ...DEFAULT_SETTINGS,
    secrets: { use: 'by-file', files: declared },
  } as const;
  const { use, contradicted } = believed(
    settings,
    buildContext(folder),
    files.Dockerfile ?? '',
  ).secrets;
  expect(use).toBe(contradicted === undefined ? 'by-file' : undefined);
  return contradicted && `${contradicted.place} ${contradicted.name}`;
}

test.each([
  ['src/app.js', `// config\n${TAKES}`, 'src/app.js:2 DB_PASSWORD'],
  ['app.ts', 'const t = process.env["API_TOKEN"];', 'app.ts:1 API_TOKEN'],
  ['app.py', 'import os\np = os.environ["DB_PASSWORD"]', 'app.py:2 DB_PASSWORD'],
  ['app.py', 'p = os.environ.get( "DB_PASSWORD")', 'app.py:1 DB_PASSWORD'],
  ['app.py', "p = os.getenv('SECRET_KEY')", 'app.py:1 SECRET_KEY'],
  ['main.go', 'p := os.Getenv("DB_PASSWORD")', 'main.go:1 DB_PASSWORD'],
  ['main.go', 'p, ok := os.LookupEnv("DB_PASSWORD")', 'main.go:1 DB_PASSWORD'],
  ['src/main.rs', 'let p = env::var("DB_PASSWORD")?;', 'src/main.rs:1 DB_PASSWORD'],
  ['app.rb', 'p = ENV.fetch("DB_PASSWORD")', 'app.rb:1 DB_PASSWORD'],
  ['app.rb', "p = ENV['DB_PASSWORD']", 'app.rb:1 DB_PASSWORD'],
  ['src/A.java', 'var p = System.getenv("DB_PASSWORD");', 'src/A.java:1 DB_PASSWORD'],
  ['A.cs', 'Environment.GetEnvironmentVariable("DB_PASSWORD")', 'A.cs:1 DB_PASSWORD'],
])('%s with %s contradicts that secrets come as files', (path, text, place) => {
  expect(contradiction({ [path]: text })).toBe(place);
});

test.each<[why: string, files: Readonly<Record<string, string>>, declared?: readonly string[]]>([
  ['no secret', { 'app.js': 'listen(process.env.PORT)' }],
  ['a name that may be of something else', { 'app.js': 'pick(process.env.SORT_KEY)' }],
  ['a name alone, in a list', { 'app.js': 'process.env; redact(["DB_PASSWORD"])' }],
  ['a settings file', { 'application.yml': 'password: ${DB_PASSWORD}' }],
  ['a comment', { 'app.js': `// ${TAKES}`, 'app.py': '# os.environ["DB_PASSWORD"]' }],
  ['a test', { 'app.test.js': TAKES, 'tests/app.js': TAKES }],
  ['a script beside the app', { 'scripts/seed.js': TAKES, 'vite.config.ts': TAKES }],
  ['a token of those who publish', { 'app.js': 'process.env.NPM_TOKEN' }],
  ['what is not sent', { '.dockerignore': 'app.js', 'app.js': TAKES }],
  ['the file too', { 'app.js': `read(process.env.DB_PASSWORD_FILE) ?? ${TAKES}` }],
  ['a file of another', { 'app.js': TAKES, 'b.js': 'read("/run/secrets/token")' }],
  ['a name that is put together', { 'app.js': `${TAKES}process.env[name + "_FILE"]` }],
  ['what the code itself sets', { 'app.js': `process.env.DB_PASSWORD = read();\n${TAKES}` }],
  ['a start script that exports it', { 'app.js': TAKES, 'run.sh': '. /run/secrets/env' }],
  ['one without an ending', { 'app.js': TAKES, 'bin/start': 'cat "$DB_PASSWORD_FILE"' }],
  [
    'the Dockerfile',
    { 'app.js': TAKES, Dockerfile: 'CMD DB_PASSWORD=$(cat /run/secrets/db) node' },
  ],
  ['a library', { 'app.js': TAKES, 'package.json': '{"dependencies":{"dotenv":"1"}}' }],
  ['a framework', { 'app.js': TAKES, 'package.json': '{"dependencies":{"next":"1"}}' }],
  ['a file that nobody would find', { 'app.js': TAKES }, ['/etc/app/token']],
])('the declaration is believed with %s', (_, files, declared) => {
  expect(contradiction(files, declared)).toBeUndefined();
});
