import { formatReference } from '../../model/reference.ts';
import { withPlainHttp } from '../../model/settings.ts';
import { neededImages } from '../../plans/external-images.ts';
import { type Base, checkBases } from '../bases/check-bases.ts';
import type { PipelineContext } from '../context.ts';
import { Registries } from '../registries.ts';
import { buildAndOpenKey } from './build-and-open-key.ts';
import type { Prepared } from './prepare-build.ts';
import { sendGitModes } from './send-modes.ts';

/** Runs BuildKit after verifying base signatures that settings require; others during the build. */
export async function buildOnBases(context: PipelineContext, prepared: Prepared) {
  const { plan, parsed } = prepared;
  const settings = withPlainHttp(plan.settings.registries, parsed.own.plainHttp);
  const registries = (own: PipelineContext): Registries => new Registries(own, settings);
  const needed = neededImages(prepared.dockerfile, parsed).map(({ reference }): Base => {
    const name = formatReference(reference);
    const found = prepared.images.find((one) => one.name === name);
    return found ?? { reference, name, digest: reference.digest };
  });
  const checks = checkBases({ context, registries, settings: plan.settings }, needed);
  try {
    await checks.required();
    const sent = await sendGitModes(context, prepared);
    const built = await buildAndOpenKey(context, sent.prepared).finally(sent.release);
    return { ...built, bases: checks.verified() };
  } finally {
    checks.verified();
  }
}
