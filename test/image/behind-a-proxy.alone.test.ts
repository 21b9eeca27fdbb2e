import { beforeAll } from 'vitest';
import { Origins } from '../../src/lib/origins.ts';

// The dispatcher of undici sends what is encrypted or goes through a proxy. It refuses what
// Node.js' own lets pass (a Content-Length given twice), so the same tests run on it.
beforeAll(() => {
  const own = globalThis.fetch;
  const origins = new Origins({ env: {}, platform: process.platform, folders: [] }, true);
  const dispatcher = origins as unknown as NonNullable<RequestInit['dispatcher']>;
  globalThis.fetch = (input, init) => own(input, { ...init, dispatcher });
});

await import('./blob-upload.test.ts');
await import('./http-sender.test.ts');
await import('./open-registry.test.ts');
await import('./push.test.ts');
await import('./registry-client.test.ts');
await import('./registry-referrers.test.ts');
await import('../scan/osv.test.ts');
