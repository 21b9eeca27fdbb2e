// The clock of each service: `POST /_stand-in/clock?service=fulcio&seconds=-86400` puts one back.
const SERVICES = ['fulcio', 'rekor', 'tsa'];
const offsets = new Map();

export function setClock(service, seconds) {
  if (!SERVICES.includes(service)) throw new Error(`no clock of ${service}`);
  offsets.set(service, seconds * 1000);
}
export const now = (service) => new Date(Date.now() + (offsets.get(service) ?? 0));
