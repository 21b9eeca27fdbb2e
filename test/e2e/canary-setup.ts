import { afterAll, afterEach, expect } from 'vitest';
import { keepFigures, lookForSecrets } from './canary.ts';

// It runs behind the hooks of the test itself, which clean up in `afterAll`.
afterEach(lookForSecrets);
afterAll(() => {
  keepFigures(process.env['SCOVILLE_CANARY'], expect.getState().testPath ?? '');
});
