/**
 * A sigstore trusted root (protobuf-specs, sigstore_trustroot.proto) that trusts no service. With a key none is needed, and
 * without this file cosign asks the network for one.
 */
export const EMPTY_TRUSTED_ROOT =
  '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n';
