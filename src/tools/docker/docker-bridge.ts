import { isIP } from 'node:net';
import { parseJson, textField } from '../../model/json-value.ts';
import type { RunTool } from '../../model/run.ts';
import { docker, engineError } from './docker.ts';

/**
 * The address of the engine's machine on the network in which a build runs its commands; undefined
 * where the engine has no such network. Throws UserError where it does not answer.
 */
export async function bridgeAddress(
  run: RunTool,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await docker(
    run,
    ['network', 'inspect', 'bridge', '--format', '{{json .IPAM.Config}}'],
    signal,
  );
  if (result.exitCode !== 0) {
    if (/not found/i.test(result.stderr)) return undefined;
    throw engineError(result.stderr);
  }
  const found = parseJson(result.stdout);
  const gateways = (Array.isArray(found) ? found : []).map((one) => textField(one, 'Gateway'));
  return gateways.find((address) => isIP(address ?? '') === 4);
}
