import type { Package, UnreadablePackages } from '../../src/model/packages.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { SbomInput } from '../../src/trust/sbom.ts';

export const LAYER = digestOf('layer');
export const OTHER_LAYER = digestOf('another layer');
export const IMAGE = digestOf('manifest');

/** A package as the facts room hands it over. */
export function samplePackage(over: Partial<Package> & Pick<Package, 'name' | 'version'>): Package {
  return {
    type: 'npm',
    purl: `pkg:npm/${over.name.replace('@', '%40')}@${over.version}`,
    licenses: [],
    location: { path: `app/node_modules/${over.name}/package.json`, layer: LAYER },
    ...over,
  };
}

export const LIBC = samplePackage({
  type: 'deb',
  name: 'libc6',
  version: '1:2.41-12',
  purl: 'pkg:deb/debian/libc6@1%3A2.41-12?arch=amd64&distro=debian-13',
  licenses: ['LGPL-2.1-or-later', 'GPL-2+ with a twist'],
  location: { path: 'var/lib/dpkg/status', layer: LAYER },
  architecture: 'amd64',
  source: { name: 'glibc', version: '2.41-12' },
});

export const SAMPLE_PACKAGES: readonly Package[] = [
  samplePackage({ name: 'express', version: '4.21.2', licenses: ['mit'] }),
  samplePackage({ name: '@scope/either', version: '1.0.0', licenses: ['(MIT OR apache-2.0)'] }),
  samplePackage({
    name: 'ms',
    version: '2.1.3',
    licenses: ['MIT'],
    location: { path: 'app/node_modules/ms/package.json', layer: LAYER },
  }),
  samplePackage({
    name: 'ms',
    version: '2.1.3',
    licenses: ['MIT'],
    location: { path: 'app/node_modules/a/node_modules/ms/package.json', layer: OTHER_LAYER },
  }),
  samplePackage({ name: 'several', version: '3.0.0', licenses: ['ISC', 'MIT OR Zlib', 'Ours'] }),
  samplePackage({ name: 'no-version', version: '', purl: '' }),
  LIBC,
];

export const NESTED = samplePackage({
  type: 'maven',
  name: 'org.slf4j:slf4j-api',
  version: '2.0.1',
  purl: 'pkg:maven/org.slf4j/slf4j-api@2.0.1',
  location: { path: 'app/app.jar', layer: LAYER, inside: 'BOOT-INF/lib/slf4j-api-2.0.1.jar' },
});

export const UNREADABLE: readonly UnreadablePackages[] = [
  { location: { path: 'opt/x.jar', layer: LAYER }, reason: 'it is cut off' },
];

export function sbomInput(over: Partial<SbomInput> = {}): SbomInput {
  return {
    packages: SAMPLE_PACKAGES,
    osRelease: { id: 'debian', versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' },
    image: {
      name: 'registry.example.com/team/app:1.2',
      digest: IMAGE,
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    },
    created: '2026-01-02T03:04:05.678+01:00',
    toolVersion: '0.1.0',
    ...over,
  };
}
