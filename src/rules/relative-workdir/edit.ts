import type { SourceInstruction } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { proposed, refusedAt, together } from '../shared/edit/proposal.ts';
import { baseOfImage, baseUnknown, inStage } from '../shared/edit/stage-view.ts';
import { relativeFolder } from './lint.ts';

function absolute(input: FixInput, found: SourceInstruction): FixPlan {
  const unknown = baseUnknown(input, found.stage);
  if (unknown !== undefined) return refusedAt(found, unknown);
  const written = found.text.slice(found.argumentsAt).trim();
  const folder = baseOfImage(input, found.stage)?.config.config?.WorkingDir ?? '';
  const at = found.argumentsAt + (/^["']/.test(written) ? 1 : 0);
  const { start } = found.place(at, at + 1);
  const head = folder === '' || folder === '/' ? '/' : `${folder.replace(/(?<!\/)\/+$/, '')}/`;
  return proposed(found, {
    key: found.stage === input.model.target ? 'workdir' : `workdir-${found.stage ?? 0}`,
    title: `Write ${written} as ${head}${written}`,
    why: 'Where a relative folder leads is up to the base image, and may change with it',
    risk: 'none',
    riskReason: `the base works in ${folder === '' ? '/' : folder}`,
    edits: [{ start, end: start, text: head }],
  });
}

export const absoluteWorkdir: FixRule = {
  id: 'relative-workdir',
  lint: 'relative-workdir',
  needs: ['bases'],
  plan: (input) =>
    together(
      input.model.reached.flatMap((stage) => {
        const relative = relativeFolder(input.model, stage);
        return inStage(input, stage)
          .filter(({ instruction }) => instruction === relative)
          .map((found) => absolute(input, found));
      }),
    ),
};
