import { once } from '../../lib/once.ts';
import { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { completed } from '../completed-run.ts';
import { toolFailure } from '../tool-failure.ts';
import { howToInstall } from '../tool-names.ts';

/**
 * How this cosign wants to be asked. Known by its flags, since distributions build it without a
 * version number. `flags`: 2.4 to 2.5, `--new-bundle-format --tlog-upload=false`. `signing-config`:
 * from 2.6, a file that names no services.
 */
export type CosignDialect =
  | { readonly kind: 'flags' }
  | { readonly kind: 'signing-config'; readonly withoutServices: string };

/** Asked once per runner. Throws UserError if cosign is missing or too old for sigstore bundles. */
export const cosignDialect = once(async (run: RunTool): Promise<CosignDialect> => {
  const help = await completed(run, 'cosign', {
    command: 'cosign',
    args: ['attest-blob', '--help'],
    timeoutMs: 30_000,
  });
  const kind = dialectOf(help.stdout + help.stderr);
  if (kind === 'flags') return { kind };
  if (kind === undefined)
    throw new UserError('this cosign is too old: it cannot write sigstore bundles', {
      nextStep: howToInstall('cosign'),
    });
  const config = await completed(run, 'cosign', {
    command: 'cosign',
    args: ['signing-config', 'create'],
    timeoutMs: 30_000,
  });
  if (config.exitCode !== 0) throw toolFailure(config, 'cosign made no signing config');
  return { kind, withoutServices: config.stdout };
});

/** Reads the help of `cosign attest-blob`. */
export function dialectOf(help: string): CosignDialect['kind'] | undefined {
  if (help.includes('--signing-config')) return 'signing-config';
  return help.includes('--new-bundle-format') ? 'flags' : undefined;
}
