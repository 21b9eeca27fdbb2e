import { beforeAll } from 'vitest';
import { useProxies } from '../../../src/tools/proxy.ts';

// Where a proxy is set, undici's dispatcher sends all requests, the direct ones too. It refuses what
// Node.js' own lets pass (a Content-Length given twice), so the same tests run on it.
beforeAll(() => useProxies({ HTTPS_PROXY: 'http://127.0.0.1:1' }));

await import('./blob-upload.test.ts');
await import('./http-sender.test.ts');
await import('./open-registry.test.ts');
await import('./push.test.ts');
await import('./registry-client.test.ts');
await import('./registry-referrers.test.ts');
await import('../../tools/osv/osv.test.ts');
