// RFC 6962 Merkle tree over a list of leaf hashes, and signed notes.
import { createHash, sign } from 'node:crypto';
const h = (...parts) => parts.reduce((x, p) => x.update(p), createHash('sha256')).digest();
export const leafHash = (bytes) => h(Buffer.from([0]), bytes);
const node = (l, r) => h(Buffer.from([1]), l, r);
const split = (n) => 2 ** Math.floor(Math.log2(n - 1));
export function rootOf(leaves) {
  if (leaves.length === 0) return h();
  if (leaves.length === 1) return leaves[0];
  const k = split(leaves.length);
  return node(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}
export function inclusion(leaves, m) {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...inclusion(leaves.slice(0, k), m), rootOf(leaves.slice(k))]
    : [...inclusion(leaves.slice(k), m - k), rootOf(leaves.slice(0, k))];
}
/** A checkpoint (C2SP tlog-checkpoint) signed with an ECDSA or Ed25519 key; `keyId`: the four bytes before the signature. */
export function checkpoint(origin, size, root, { key, keyId, signer = origin, extra = [] }) {
  const text = [origin, String(size), root.toString('base64'), ...extra, ''].join('\n');
  const signature = sign(
    key.asymmetricKeyType === 'ed25519' ? null : 'sha256',
    Buffer.from(text),
    key,
  );
  return `${text}\n— ${signer} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}
