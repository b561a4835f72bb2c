// The router loses its power, and comes back.

import assert from 'node:assert/strict';

export default {
  title: 'the router goes without a word: the access point comes up; it is back: online again',
  quick: true,
  limit_s: 300,
  async run(lab) {
    const home = await lab.network();
    const router = await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    await device.untilOnline(home);

    router.vanish();
    const gone = Date.now();
    await device.untilAccessPoint(60);
    lab.figure('loss to access point', (Date.now() - gone) / 1000);
    await device.untilIn('AP_ACTIVE', 10);

    router.comeBack();
    const back = Date.now();
    await device.untilOnline(home, 90);
    lab.figure('back to online', (Date.now() - back) / 1000);
    // Nobody used the portal: it goes at once.
    await device.untilEvent('AP_STOP', 15);
    assert.equal(await device.accessPoint(), undefined);
  },
};
