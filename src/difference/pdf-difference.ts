const FIELDS = [
  'CreationDate',
  'ModDate',
  'CreateDate',
  'ModifyDate',
  'MetadataDate',
  'DocumentID',
  'InstanceID',
  'ID',
];

/** Fields of two PDF documents that differ and that say when, or of which copy, they are; compressed parts are not looked into. */
export function pdfDifference(first: Uint8Array, second: Uint8Array): string {
  const [a, b] = [first, second].map((bytes) => Buffer.from(bytes).toString('latin1'));
  const names = FIELDS.filter((name) => {
    const field = new RegExp(`[/:]${name}[\\s>=("'\\[<][^\\n]{0,100}`, 'g');
    return a?.match(field)?.join('\n') !== b?.match(field)?.join('\n');
  });
  return names.length === 0 ? 'PDF: its content' : `PDF: ${names.join(', ')}`;
}
