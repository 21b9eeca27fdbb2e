import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClassicEngine } from '../e2e/classic-engine.ts';
import { runDocuments } from './documents/run-documents.ts';
import { EngineClient } from './layers/engine-client.ts';
import { runLayers } from './layers/run-layers.ts';
import { runTexts } from './texts/run-texts.ts';

/** How long, from which seed, on which stores. */
export interface DifferentialOptions {
  /** What is tried; the time is shared among the parts. */
  readonly parts: readonly ('documents' | 'layers' | 'texts')[];
  readonly minutes: number;
  readonly seed: number;
  readonly store: 'containerd' | 'overlay2' | 'both';
}

/** Holds what we read against what engines do; gives how many cases differ. */
export async function differential(
  { parts, minutes, seed, store }: DifferentialOptions,
  log: (line: string) => void,
): Promise<number> {
  const isOnStores = parts.some((part) => part !== 'texts');
  const classic = store === 'containerd' || !isOnStores ? undefined : await startClassicEngine();
  try {
    const own = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
    const hosts = { containerd: store === 'overlay2' ? undefined : own, overlay2: classic?.host };
    let differing = 0;
    for (const part of parts) {
      const until = Date.now() + (minutes * 60_000) / parts.length;
      differing += await PARTS[part](hosts, { seed, until, log });
    }
    return differing;
  } finally {
    await classic?.stop();
  }
}

interface Hosts {
  readonly containerd: string | undefined;
  readonly overlay2: string | undefined;
}

interface PartOptions {
  readonly seed: number;
  readonly until: number;
  readonly log: (line: string) => void;
}

const PARTS = { documents, layers, texts };

async function layers({ containerd, overlay2 }: Hosts, options: PartOptions): Promise<number> {
  const clientOf = (host: string | undefined): EngineClient | undefined =>
    host === undefined ? undefined : new EngineClient(host);
  const clients = { containerd: clientOf(containerd), overlay2: clientOf(overlay2) };
  const { cases, taken, differences } = await runLayers(clients, options);
  for (const client of Object.values(clients)) client?.discard();
  options.log(
    `layers: ${cases} stacks from seed ${options.seed}, ${taken} taken, ${differences.length} differ`,
  );
  return differences.length;
}

async function documents(hosts: Hosts, options: PartOptions): Promise<number> {
  const spoolDir = mkdtempSync(join(tmpdir(), 'scoville-odd-'));
  try {
    const { cases, taken, read, differences } = await runDocuments(
      { ...hosts },
      { ...options, spoolDir },
    );
    options.log(
      `documents: ${cases} archives from seed ${options.seed}, ${taken} taken, ${read} of these read, ${differences.length} differ`,
    );
    return differences.length;
  } finally {
    rmSync(spoolDir, { recursive: true, force: true });
  }
}

async function texts(_hosts: Hosts, options: PartOptions): Promise<number> {
  const { cases, differing } = await runTexts(options);
  options.log(`texts: ${cases} from seed ${options.seed}, ${differing} differ`);
  return differing;
}
