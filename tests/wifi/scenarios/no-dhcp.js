// A router that lets everybody in and gives nobody an address.

import assert from 'node:assert/strict';

export default {
  title: 'a router without DHCP is told as `no_address`, and joined when it gives one',
  limit_s: 300,
  async run(lab) {
    const home = await lab.network({dhcp: false});
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    const failed = await device.untilEvent('STA_DISCONNECTED', 60);
    assert.equal(failed.class, 'no_address');
    lab.figure('told after', failed.ms / 1000);
    await device.untilAccessPoint(30);
    assert.notEqual((await device.status()).state, 'CONNECTED', 'an association is no connection');

    await home.startDhcp();
    const from = Date.now();
    await device.untilOnline(home, 90);
    lab.figure('online after DHCP came', (Date.now() - from) / 1000);
  },
};
