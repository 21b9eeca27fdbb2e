import { claimAlone } from '../../src/image/owner.ts';

// A process of the race in owner-race.test.ts: claims what it is told to, says whether it has it.
process.on('message', (file: string) => {
  void claimAlone(file).then(
    (has) => process.send?.({ file, has }),
    (error: unknown) => process.send?.({ file, has: String(error) }),
  );
});
process.send?.('ready');
