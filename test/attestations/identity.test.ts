import { describe, expect, test } from 'vitest';
import { imagePurl } from '../../src/attestations/identity.ts';
import { digestHex, digestOf } from '../../src/model/digest.ts';

const digest = digestOf('image');
const version = `sha256%3A${digestHex(digest)}`;

describe('imagePurl', () => {
  test.each([
    ['app', `pkg:oci/app@${version}?repository_url=docker.io/library/app`],
    [
      'localhost:5000/team/app:1.0',
      `pkg:oci/app@${version}?repository_url=localhost:5000/team/app&tag=1.0`,
    ],
    ['ghcr.io/o/r', `pkg:oci/r@${version}?repository_url=ghcr.io/o/r`],
    [digest, `pkg:oci/image@${version}`],
    ['no reference at all', `pkg:oci/image@${version}`],
  ])('%s', (name, purl) => {
    expect(imagePurl({ name, digest })).toBe(purl);
  });

  test('names the architecture', () => {
    expect(imagePurl({ name: 'app', digest, architecture: 'arm64' })).toBe(
      `pkg:oci/app@${version}?arch=arm64&repository_url=docker.io/library/app`,
    );
  });
});
