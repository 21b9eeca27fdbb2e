import { startClassicEngine } from '../e2e/classic-engine.ts';
import { EngineClient } from './layers/engine-client.ts';
import { runLayers } from './layers/run-layers.ts';

/** How long, from which seed, on which stores. */
export interface DifferentialOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly store: 'containerd' | 'overlay2' | 'both';
}

/** Holds what we read against what engines do; gives how many cases differ. */
export async function differential(
  { minutes, seed, store }: DifferentialOptions,
  log: (line: string) => void,
): Promise<number> {
  const classic = store === 'containerd' ? undefined : await startClassicEngine();
  try {
    const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
    const { cases, taken, differences } = await runLayers(
      {
        containerd: store === 'overlay2' ? undefined : new EngineClient(host),
        overlay2: classic === undefined ? undefined : new EngineClient(classic.host),
      },
      { seed, until: Date.now() + minutes * 60_000, log },
    );
    log(`layers: ${cases} stacks from seed ${seed}, ${taken} taken, ${differences.length} differ`);
    return differences.length;
  } finally {
    await classic?.stop();
  }
}
