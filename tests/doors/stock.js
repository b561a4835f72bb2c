// The client of improv-wifi.com as its package brings it, on a Web Serial port that is a
// pseudo-terminal.

import {constants} from 'node:fs';
import {open} from 'node:fs/promises';
import {register} from 'node:module';
import {setTimeout as sleep} from 'node:timers/promises';

// How soon a port is looked at again that had nothing to read.
const POLL_MS = 5;
// How long the client looks for a device. It holds Node for as long, whatever it finds.
const DETECT_MS = 10_000;

// The package is made for bundlers, which know that `./const` is `./const.js`, and that it is a
// module.
register('./bundler.js', import.meta.url);
const {ImprovSerial} = await import('improv-wifi-serial-sdk/dist/serial.js');

/** What of the Web Serial API a client uses, over the pseudo-terminal at `path`. */
async function openPort(path) {
  const file = await open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  let closed = false;
  const readable = new ReadableStream({
    async pull(controller) {
      while (!closed) {
        try {
          const {bytesRead, buffer} = await file.read(Buffer.alloc(256));
          return controller.enqueue(new Uint8Array(buffer.subarray(0, bytesRead)));
        } catch (error) {
          if (error.code != 'EAGAIN') throw error;
          await sleep(POLL_MS);
        }
      }
    },
    async cancel() {
      closed = true;
      await file.close();
    },
  });
  const writable = new WritableStream({write: (bytes) => file.write(bytes)});
  return {readable, writable};
}

/**
 * The stock client on the serial port at `path`, initialized; it ends with the test. `states` are
 * the states that it was told of.
 */
export async function connect(test, path) {
  const client = new ImprovSerial(await openPort(path), {log() {}, debug() {}, error() {}});
  client.states = [];
  client.addEventListener('state-changed', ({detail}) => client.states.push(detail));
  await client.initialize(DETECT_MS);
  test.after(() => client.close());
  return client;
}
