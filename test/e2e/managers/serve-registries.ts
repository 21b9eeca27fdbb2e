import { spawn } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';

/**
 * Answers of those registries: files, packed where a client takes that, and git's smart protocol.
 */
export function registryListener(
  folder: string,
): (message: IncomingMessage, response: ServerResponse) => void {
  return (message, response) => {
    const [path = '', query = ''] = (message.url ?? '').split('?');
    if (path.startsWith('/git/')) {
      smartGit(join(folder, 'git'), path.slice('/git'.length), query, message, response);
      return;
    }
    const file = fileOf(join(folder, join('/', decodeURI(path))));
    if (file === undefined) {
      response.writeHead(404, { 'content-length': 0 }).end();
      return;
    }
    const type = { 'content-type': contentType(path) };
    const bytes = createReadStream(file);
    if (message.method === 'HEAD') response.writeHead(200, type).end();
    // Chunked, as no length is given.
    else if (/\bgzip\b/.test(message.headers['accept-encoding'] ?? ''))
      bytes
        .pipe(createGzip())
        .pipe(response.writeHead(200, { ...type, 'content-encoding': 'gzip' }));
    else bytes.pipe(response.writeHead(200, { ...type, 'content-length': statSync(file).size }));
  };
}

function fileOf(path: string): string | undefined {
  return [path, join(path, 'index.html')].find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
}

function contentType(path: string): string {
  if (path.startsWith('/pypi/simple/')) return 'text/html';
  return path.endsWith('.json') ? 'application/json' : 'application/octet-stream';
}

/** RFC 3875, as far as git-http-backend needs it. */
function smartGit(
  root: string,
  path: string,
  query: string,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(message.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: message.headers['content-encoding'] ?? '',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: message.method,
      CONTENT_TYPE: message.headers['content-type'] ?? '',
    },
  });
  message.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = all
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const { Status: status = '200', ...rest } = Object.fromEntries(headers);
    response.writeHead(Number.parseInt(status, 10), rest).end(all.subarray(end + 4));
  });
}
