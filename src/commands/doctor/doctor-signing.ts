import { join } from 'node:path';
import { ToolError } from '../../model/errors.ts';
import { shellWord } from '../../model/shell-word.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import { openToOthers, publicKeyOf } from '../../pipeline/sign/signer.ts';
import { publicKey } from '../../tools/cosign/cosign-keys.ts';
import { keyName } from '../../tools/cosign/key-uri.ts';
import { tokenVariable } from '../../tools/oidc/ambient-token.ts';
import { MissingTool } from '../../tools/tool-names.ts';
import { type Check, type DoctorContext, type Finding, projectSettings } from './doctor-check.ts';

/** The key that a build here would sign with, in the order in which the pipeline looks for one. */
export const SIGNING_CHECK: Check = {
  id: 'signing-key',
  title: 'signing key',
  required: true,
  look: async (about) => {
    const { sign } = await projectSettings(about);
    if (!sign.enabled) return { state: 'ok', detail: 'signing is off in the settings file' };
    if (sign.key !== undefined) return configuredKey(about, sign.key);
    if (sign.refusedKey !== undefined && !sign.keyless)
      return {
        state: 'missing',
        detail: `sign.key of ${sign.refusedKey} is not a file of the project: only you can name it`,
        fix: 'scoville build --key KEY',
      };
    const token = tokenVariable(about.env);
    if (sign.keyless || token !== undefined)
      return { state: 'ok', detail: `keyless, ${token ?? 'as the settings file asks'}` };
    return ownKey(about);
  },
};

async function configuredKey(about: DoctorContext, ref: string): Promise<Finding> {
  // Asking a KMS or a hardware key costs a network call or a touch.
  if (publicKeyOf(ref) === undefined) return { state: 'ok', detail: `${keyName(ref)} (not asked)` };
  if (await isThere(ref)) return keyFile(about, ref);
  return {
    state: 'missing',
    detail: `${ref} is named in the settings file but does not exist`,
    fix: `cosign generate-key-pair --output-key-prefix ${shellWord(ref.replace(/\.key$/, ''))}`,
  };
}

async function ownKey(about: DoctorContext): Promise<Finding> {
  const own = join(about.paths.config, 'keys', 'cosign.key');
  if (await isThere(own)) return keyFile(about, own);
  return { state: 'ok', detail: `none yet; the first build makes ${own}` };
}

/** Others must not read it, and cosign must be able to, with the password that a build has. */
async function keyFile(about: DoctorContext, path: string): Promise<Finding> {
  const open = await openToOthers(path);
  if (open !== undefined)
    return { state: open.isRefused ? 'missing' : 'advice', detail: open.what, fix: open.fix };
  try {
    await publicKey(about.run, path, about.env['COSIGN_PASSWORD'] ?? '');
  } catch (thrown) {
    // Without cosign nothing is known of the key; its own check tells.
    if (thrown instanceof ToolError || thrown instanceof MissingTool)
      return { state: 'advice', detail: `${path} is there; cosign could not be asked about it` };
    throw thrown;
  }
  return { state: 'ok', detail: path };
}
