import { resolve } from 'node:path';
import { readAttachable } from '../../attestations/attachable.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { attachStatements } from '../../pipeline/attach/attach-statements.ts';
import { profileStatements } from '../../pipeline/attach/profile-statements.ts';
import { readBytes } from '../../pipeline/attach/read-bytes.ts';
import { startProfiles } from '../../pipeline/attach/start-profiles.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { askingSigner } from '../asking-signer.ts';
import { withProgress } from '../conversation.ts';
import { command, usageLine } from '../flags.ts';
import { namedSigners } from '../shared-flags.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { attachTarget } from './attach-target.ts';
import { attachedExit, attachedJson, attachedText } from './attached-text.ts';
import { ATTEST } from './attest-flags.ts';

/** `scoville attest`. */
export const attest = command(ATTEST, async (flags, [text = ''], io) => {
  const { type, predicate: file } = flags;
  if (type === undefined || file === undefined)
    throw new UserError(`attest needs --${type === undefined ? 'type' : 'predicate'}`, {
      nextStep: usageLine(ATTEST),
    });
  const bytes = await readBytes(resolve(io.cwd, file)).catch((cause: unknown) => {
    throw new UserError(`the predicate ${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const read = readAttachable(type, bytes);
  if (!read.ok)
    throw new UserError(`${file}: ${read.error}`, { nextStep: 'scoville attest --help' });
  const { value } = read;
  const { platform } = wantedPlatform(flags.platform);
  const shown = { style: 'auto', interactive: true, json: flags.json } as const;
  const { value: attached } = await askingSigner(io, shown, (own) =>
    withProgress(own, async (context) => {
      if (value.kind === 'profile') await startProfiles(context, [{ ...value.profile, file }]);
      const named = { ...flags, signers: namedSigners(flags) };
      const target = await attachTarget(context, text, named, own);
      return attachStatements(context, target, ({ root, platforms }) =>
        (platform === undefined ? [root] : platforms.map(({ descriptor }) => descriptor)).flatMap(
          (subject) =>
            value.kind === 'profile'
              ? profileStatements(value.profile, subject)
              : [{ predicateType: value.predicateType, predicate: value.predicate, subject }],
        ),
      );
    }),
  );
  io.writeOut(flags.json ? jsonText(attachedJson(text, attached)) : attachedText(attached));
  return attachedExit(attached.kept);
});
