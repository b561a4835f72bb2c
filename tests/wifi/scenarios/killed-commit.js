// The daemon dies while it commits a new network: what it knew is whole, whichever moment it was.

import assert from 'node:assert/strict';

import {sleep} from '../lib/process.js';

const TIMES = 6;
// A proof takes some seconds; the moments are spread over it and past its commit.
const SPREAD_MS = 1500;

export default {
  title: '`kill -9` in the middle of a commit loses nothing: the old set or the new one, whole',
  limit_s: 600,
  async run(lab) {
    const [home, other] = [await lab.network(), await lab.network()];
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', radio: 0, channel: 6});
    await other.accessPoint({ssid: 'Other', password: 'Password3', radio: 1, channel: 6});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    let committed = 0;
    for (let time = 0; time < TIMES; time++) {
      await device.start();
      await device.untilIn('CONNECTED', 90);
      if ((await device.known()).includes('Other')) await device.ask('NET:DEL,Other');
      // Nobody is there to tell how it went.
      device.offer('Other', 'Password3').catch(() => {});
      await sleep(SPREAD_MS * time);
      await device.cut();

      await device.start();
      const {ssid} = await device.untilIn('CONNECTED', 90);
      const known = await device.known();
      const whole = known.join() == 'HomeNetwork' ? 'old' : 'new';
      if (whole == 'new') assert.deepEqual(known, ['Other', 'HomeNetwork']);
      assert.equal(ssid, known[0]);
      lab.say(`cut after ${SPREAD_MS * time} ms: the ${whole} set`);
      committed += whole == 'new';
      await device.stop();
    }
    lab.say(`${committed} of ${TIMES} were committed`);
  },
};
