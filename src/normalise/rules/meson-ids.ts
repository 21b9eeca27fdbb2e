import type { RewriteRule } from '../rule.ts';

const UUID = /[\dA-F]{8}-[\dA-F]{4}-4[\dA-F]{3}-[89AB][\dA-F]{3}-[\dA-F]{12}/g;

export const mesonIds: RewriteRule = {
  id: 'meson-ids',
  touches:
    'What Meson keeps of a build folder (meson-private/coredata.dat). Ids that it draws (UUIDs of version 4) are numbered instead, in the order in which they stand there.',
  safeBecause:
    'They name projects of Visual Studio, whose files Meson writes on Windows. Two ids stay two.',
  answers: 'Build folders that stay in the image',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => /(?:^|\/)meson-private\/coredata\.dat$/.test(path),
  // Of Python's pickle.
  startsWith: [Uint8Array.of(0x80)],
  rewrite: (bytes) => {
    const numbers = new Map<string, number>();
    // latin-1 keeps every byte, and the ids keep their length.
    const after = Buffer.from(bytes)
      .toString('latin1')
      .replace(UUID, (id) => {
        if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
        return `00000000-0000-4000-8000-${String(numbers.get(id)).padStart(12, '0')}`;
      });
    return numbers.size === 0 ? undefined : Buffer.from(after, 'latin1');
  },
};
