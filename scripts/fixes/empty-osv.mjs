import { createServer } from 'node:http';

const MODIFIED = '2026-11-01T00:00:00Z';

/** A record that an ecosystem is known by: of a version that nobody has. */
function probe({ ecosystem = '', name = '' } = {}) {
  const id = `PROBE-${ecosystem.replaceAll(/[^\w]/g, '-')}-${name.replaceAll(/[^\w]/g, '-')}`;
  return { id, modified: MODIFIED, affected: [{ package: { ecosystem, name }, versions: ['0'] }] };
}

/**
 * A service that speaks as OSV.dev does, knows every ecosystem, and no vulnerability of a version: what the vulnerability criteria then say is what they
 * would of an image without any. Gives its address, and how to stop it.
 */
export async function emptyOsv() {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(request.url ?? '', body === '' ? {} : JSON.parse(body))));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((done) => server.close(done)),
  };
}

function answer(path, body) {
  const id = /^\/v1\/vulns\/(.+)$/.exec(path)?.[1];
  if (id !== undefined) return { ...probe(), id: decodeURIComponent(id) };
  // A version is asked about of what is in the image; without one, whether the ecosystem is known.
  if (body.queries === undefined)
    return body.version === undefined ? { vulns: [probe(body.package)] } : {};
  const results = body.queries.map((query) => {
    if (query.version !== undefined) return {};
    const { id: found, modified } = probe(query.package);
    return { vulns: [{ id: found, modified }] };
  });
  return { results };
}
