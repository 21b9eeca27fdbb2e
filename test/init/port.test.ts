import { expect, test } from 'vitest';
import { isProjectFile, projectFacts } from '../../src/init/facts.ts';
import { projectPort } from '../../src/init/port.ts';
import type { FactReader } from '../../src/model/template.ts';

function port(texts: Readonly<Record<string, string>>, reader: FactReader = 'node') {
  const files = Object.keys(texts);
  const read = Object.entries(texts).filter(([path]) => isProjectFile(path));
  const project = { folder: 'shop', files, texts: new Map(read) };
  const found = projectPort(reader, project, projectFacts(reader, project));
  return found === undefined ? undefined : `${found.port} ${found.file}`;
}

test.each([
  ['server.js', 'const port = process.env.PORT || 3000;', '3000'],
  ['server.js', "const port = process.env['PORT'] ?? '3000';", '3000'],
  ['server.js', 'const port = Number(process.env.PORT) || 3000;', '3000'],
  ['server.js', 'const port = parseInt(process.env.PORT, 10) || 3000;', '3000'],
  ['server.js', 'const { PORT = 3000 } = process.env;', '3000'],
  ['src/index.ts', 'app.listen(3000, () => undefined);', '3000'],
  ['src/main.ts', 'await app.listen({ port: 3000 });', '3000'],
  ['index.mjs', 'const port = 3000;\nserver.listen(port);', '3000'],
  ['server.js', 'app.listen(port);', undefined],
  ['server.js', 'const timeout = 3000;', undefined],
  ['lib/deep/server.js', 'app.listen(3000);', undefined],
  ['app.py', 'app.run(host="0.0.0.0", port=5000)', '5000'],
  ['main.py', "uvicorn.run('main:app', port=8000)", '8000'],
  ['main.py', "port = int(os.environ.get('PORT', 8000))", '8000'],
  ['shop/__main__.py', "HTTPServer(('0.0.0.0', 8000), Handler)", '8000'],
  ['main.go', 'http.ListenAndServe(":9000", nil)', '9000'],
  ['cmd/shop/main.go', 'srv := &http.Server{Addr: ":9000"}', '9000'],
  ['app.rb', "port = ENV.fetch('PORT', 4567)", '4567'],
  ['app.rb', 'set :port, 4567', '4567'],
  ['src/main.rs', 'TcpListener::bind("0.0.0.0:7000").await', '7000'],
  ['src/main.rs', 'SocketAddr::from(([0, 0, 0, 0], 7000))', '7000'],
  ['package.json', '{"scripts":{"start":"next start -p 3100"}}', '3100'],
  ['package.json', '{"scripts":{"dev":"next dev -p 3100"}}', undefined],
  ['Procfile', 'web: gunicorn --bind 0.0.0.0:8001 app:app\n', '8001'],
  ['Dockerfile', 'FROM a\nEXPOSE 8443/tcp\n', '8443'],
  ['compose.yaml', 'services:\n  a:\n    build: .\n    ports: ["80:3000"]\n', '3000'],
  ['compose.yaml', 'services:\n  a:\n    build: .\n    ports: [{ target: 3000 }]\n', '3000'],
  ['compose.yaml', 'services:\n  db:\n    image: db\n    ports: ["5432:5432"]\n', undefined],
  [
    'compose.yaml',
    'services:\n  a: { build: a, ports: ["3000"] }\n  b: { build: b, ports: ["4000"] }\n',
    undefined,
  ],
  ['compose.yaml', 'services: [', undefined],
])('%s with `%s` says %s', (file, text, expected) => {
  expect(port({ [file]: text })).toBe(expected && `${expected} ${file}`);
});

test('the file that starts the program goes first, and its source before what others say', () => {
  const manifest = JSON.stringify({ scripts: { start: 'node server.js' } });
  const others = { 'app.js': 'a.listen(1111)', Dockerfile: 'EXPOSE 2222\n' };
  expect(port({ ...others, 'server.js': 'a.listen(3000)', 'package.json': manifest })).toBe(
    '3000 server.js',
  );
  expect(port({ Dockerfile: 'EXPOSE 2222\n', 'server.js': '' })).toBe('2222 Dockerfile');
});

test('where the template brings the server, no file says its port', () => {
  expect(port({ 'server.js': 'app.listen(3000)' }, 'site')).toBeUndefined();
});
