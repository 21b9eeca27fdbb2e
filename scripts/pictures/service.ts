import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chromium } from '../../test/e2e/chromium.ts';
import { openStand } from '../../test/service/pages-stand.ts';
import { SHOWN } from '../../test/service/sample-fleet.ts';

const IMAGES = 200;

/** Opens pages of the service, over a made fleet, in a browser; writes them as pictures. */
export async function showService(folder: string): Promise<void> {
  const stand = await openStand(IMAGES);
  const browser = new Chromium();
  const image = `/images/${SHOWN.registry}/${SHOWN.repository}:${SHOWN.tag ?? ''}`;
  const pages = [
    ['service-fleet-1280-light', '/', 'light', 980],
    ['service-image-1280-dark', image, 'dark', 1480],
  ] as const;
  try {
    for (const [name, path, scheme, height] of pages) {
      await browser.visit(`${stand.url}${path}`, 1280, scheme);
      const size = { width: 1280, height, deviceScaleFactor: 1, mobile: false };
      await browser.send('Emulation.setDeviceMetricsOverride', size);
      writeFileSync(join(folder, `${name}.png`), await browser.picture());
    }
  } finally {
    await browser.close();
    await stand.close();
  }
}
