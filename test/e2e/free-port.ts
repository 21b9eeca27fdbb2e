import { createServer } from 'node:net';
import { Servers } from '../fakes/company.ts';

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const servers = new Servers();
  const port = await servers.listen(createServer());
  await servers.close();
  return port;
}
