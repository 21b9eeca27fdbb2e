/** Values that a standard or a maker publishes, for all to use in examples and emulators: each by a part that no other has. */
const PUBLISHED: readonly (readonly [part: string, source: string])[] = [
  ['kd94hf93k423kf44', 'RFC 5849'],
  ['pfkkdhi9sl3r4s00', 'RFC 5849'],
  ['dpf43f3p2l4k3l03', 'RFC 5849'],
  ['hh5s93j4hdidpola', 'RFC 5849'],
  ['hdhd0244k9j7ao03', 'RFC 5849'],
  ['nnch734d00sl2jdk', 'RFC 5849'],
  ['kkk9d7dh3k39sjv7', 'RFC 5849'],
  ['9djdj82h48djs9d2', 'RFC 5849'],
  ['2YotnFZFEjr1zCsicMWpAA', 'RFC 6749'],
  ['tGzv3JOkF0XG5Qx2TlKWIA', 'RFC 6749'],
  ['czZCaGRSa3F0MzpnWDFmQmF0M2JW', 'RFC 6749'],
  ['czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3', 'RFC 6749'],
  ['7Fjfp0ZBr1KtDRbnfVdmIw', 'RFC 6749'],
  ['mF_9.B5f-4.1JqM', 'RFC 6750'],
  ['QWxhZGRpbjpvcGVuIHNlc2FtZQ', 'RFC 7617'],
  ['dXNlcm5hbWU6cGFzc3dvcmQ', 'a user named so with that password'],
  ['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq', 'the Azure storage emulator'],
  [
    'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw',
    'the Azure Cosmos emulator',
  ],
  ['SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c', 'jwt.io'],
  ['TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ', 'jwt.io'],
  ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'RFC 7515'],
  ['RkVFRC1GQUNFIiwiaXNzIjoi', 'jwt.io'],
  ['SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl', "Docker's manual"],
  ['dGhlIHNhbXBsZSBub25jZQ', 'RFC 6455'],
  ['MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp', 'RFC 8410'],
  ['MC4CAQAwBQYDK2VwBCIEIHKj+sVa9WcD', 'the trial at start-up of ssh2 for Node'],
];

/** True for a value that everybody has: an example of a standard, the key of an emulator. */
export function isPublished(value: string): boolean {
  return PUBLISHED.some(([part]) => value.includes(part));
}
