// A network that does not say its name.

import assert from 'node:assert/strict';

export default {
  title: 'a hidden network is joined by a directed probe, and not listed',
  limit_s: 240,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'Unseen', password: 'Password2', hidden: true});
    const device = lab.device({known: [{ssid: 'Unseen', password: 'Password2', hidden: true}]});
    await device.start();
    await device.untilOnline(home);
    const {ms} = await device.untilEvent('STA_GOT_IP', 10);
    lab.figure('boot to address', ms / 1000);
    assert.equal((await device.status()).ssid, 'Unseen');
  },
};
