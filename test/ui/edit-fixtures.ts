import type { EditView } from '../../src/fix/pick-screen.tsx';

export const edit = (id: string): EditView => ({
  id,
  title: `Title of ${id}`,
  why: `why ${id}`,
  risk: 'low: little',
  gain: '1 point, grade A, level 2',
  diff: `--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n FROM base\n-USER root\n+USER ${id}\n`,
});
