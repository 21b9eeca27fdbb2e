import { output } from './harness.ts';

interface Inspected {
  readonly Config: Readonly<Record<string, unknown>> & {
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
}

/** An image's configuration in Docker, without the labels that scoville adds. */
export async function configOf(image: string): Promise<Readonly<Record<string, unknown>>> {
  const [inspected] = JSON.parse(
    await output('docker', ['image', 'inspect', image]),
  ) as Inspected[];
  const { Labels, ...config } = inspected?.Config ?? {};
  const labels = Object.entries(Labels ?? {}).filter(
    ([key]) => !key.startsWith('org.opencontainers.image.'),
  );
  return { ...config, Labels: Object.fromEntries(labels) };
}
