import type { FixRule } from '../../model/fix-rule.ts';
import { quoted } from '../shared/edit/run-text.ts';

export const maintainer: FixRule = {
  id: 'maintainer',
  criterion: 'annotations',
  lint: 'maintainer-deprecated',
  needs: [],
  plan: ({ source }) => ({
    edits: source.instructions
      .filter(({ keyword, instruction }) => keyword === 'MAINTAINER' && instruction !== undefined)
      .map((found) => {
        const name = found.text.slice(found.argumentsAt).trim();
        return {
          key: 'authors',
          title: `Name ${name} as author by label`,
          why: 'MAINTAINER is deprecated and no tool reads it',
          risk: 'none' as const,
          riskReason: 'metadata only',
          file: 'Dockerfile' as const,
          line: found.line,
          edits: [
            {
              ...found.place(0, found.text.length),
              text: `LABEL org.opencontainers.image.authors=${quoted(name, source.escape)}`,
            },
          ],
        };
      }),
    refusals: [],
  }),
};
