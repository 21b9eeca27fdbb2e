import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import type { CommandSpec } from '../cli/flag-table.ts';
import { command, JSON_FLAG, PLAIN_HTTP, POLICY } from '../cli/flags.ts';
import { copyTarget, imageSettings } from '../cli/operands.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { parseImageName } from '../image/open-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import type { ImageReference } from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { jsonText } from '../report/text.ts';
import { copyImage } from './copy-image.ts';

export const MIRROR = {
  name: 'mirror',
  usage: ['mirror [flags] SOURCE TARGET'],
  about: `
Copies an image with everything attached to it, by digest: all platforms, signatures, attestations, and what is attached
to those. SOURCE is a name in a registry, or has a prefix: oci-archive: oci: store:. TARGET is a name in a registry,
oci-archive:FILE or oci:DIR. What the target has of others stays; its tag is set last. Run again, it sends what is missing.`,
  examples: [
    ['scoville mirror HOST/app:1 OTHER/app:1', 'from one registry to another'],
    [
      'scoville mirror HOST/app:1 oci-archive:app.tar',
      'into one file, for a site without a network',
    ],
    ['scoville mirror oci-archive:app.tar OTHER/app:1', 'and from there into its registry'],
  ],
  exits: [
    ['0', 'copied; prints the digest'],
    ['2', 'not copied: not found, not complete, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: { json: JSON_FLAG, 'plain-http': PLAIN_HTTP, policy: POLICY },
  operands: { least: 2, most: 2, error: 'takes an image, and where it goes' },
} satisfies CommandSpec;

export const mirror = command(MIRROR, async (flags, [from = '', to = ''], io) => {
  const settings = await imageSettings(flags.policy, io);
  const source = await sourceOf(from, io.cwd);
  return withProgress(io, async (context) => {
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const image = await openNamedImage(context, registries, { text: source.text, stdin: io.stdin });
    try {
      const target = copyTarget(to, image, source.repository);
      const copy = await copyImage(context, registries, image, target);
      const text = jsonText({ schemaVersion: '1', source: from, target: to, ...copy });
      io.writeOut(flags.json ? text : `${copy.digest}\n`);
      return EXIT.met;
    } finally {
      await image.close();
    }
  });
});

/** The image to copy, and its repository if in a registry; a name without a place is in one. */
async function sourceOf(
  text: string,
  cwd: string,
): Promise<{ readonly text: string; readonly repository?: ImageReference }> {
  const name = await parseImageName(text, cwd);
  switch (name.place) {
    case 'registry':
      return { text, repository: name.reference };
    case 'named':
      return { text: `registry:${text}`, repository: name.reference };
    case 'engine':
      throw new UserError("Docker's store does not keep signatures, so it is not mirrored from", {
        nextStep: 'Name a build (store:NAME), or the image in its registry.',
      });
    case 'copied':
    case 'rootfs':
      throw new UserError(`${text} does not have its signatures: name it in its registry`);
    case 'stdin':
      throw new UserError('an image on stdin is not mirrored', {
        nextStep: 'Write it to a file first, and name oci-archive:FILE.',
      });
    case 'store':
    case 'layout':
    case 'archive':
      return { text };
  }
}
