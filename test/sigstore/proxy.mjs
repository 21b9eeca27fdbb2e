// A proxy that brings programs with built-in addresses of the public sigstore to this one.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { EKU, ext, issue, p256, pem, rootCa } from './x509.mjs';

/** Answers for *.sigstore.dev over TLS, with a CA of its own; other hosts are passed through. Writes tls-ca.pem and env-public. */
export function startProxy(port, dir, handler, done) {
  const ca = rootCa({ O: 'sigstore.mock', CN: 'mock TLS CA' }, { keys: p256(), hash: 'sha256' });
  const keys = p256();
  const site = issue(ca, {
    names: { O: 'sigstore.mock', CN: 'sigstore.dev' },
    keys,
    years: 1,
    extensions: [
      ext.keyUsageSign(),
      ext.eku(EKU.serverAuth),
      ext.sanDns('*.sigstore.dev', 'sigstore.dev'),
    ],
  });
  const secureContext = createSecureContext({
    cert: pem(site.der),
    key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  });
  const inner = createServer(handler);
  const proxy = createServer((_, response) => response.writeHead(501).end());
  proxy.on('connect', (request, socket, head) => {
    const [host, to] = request.url.split(':');
    if (host.endsWith('.sigstore.dev')) {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      const tls = new TLSSocket(socket, { isServer: true, secureContext });
      tls.on('error', () => socket.destroy());
      inner.emit('connection', tls);
      return;
    }
    const other = connect(Number(to), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      other.write(head);
      socket.pipe(other).pipe(socket);
    });
    other.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.on('error', () => other.destroy());
  });
  proxy.listen(port, '127.0.0.1', () => {
    writeFileSync(join(dir, 'tls-ca.pem'), pem(ca.der));
    writeFileSync(
      join(dir, 'env-public'),
      `export HTTPS_PROXY=http://127.0.0.1:${proxy.address().port}\nexport SSL_CERT_FILE=${join(dir, 'tls-ca.pem')}\nexport NO_PROXY=localhost,127.0.0.1\n`,
    );
    done();
  });
}
