// One network with two access points, as a mesh has them.

import assert from 'node:assert/strict';

export default {
  title: 'joins the strongest of two access points of one network',
  limit_s: 180,
  async run(lab) {
    const home = await lab.network();
    const [near, far] = lab.air.routers;
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', radio: 0, channel: 1});
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', radio: 1, channel: 11});
    near.heardAt(-45);
    far.heardAt(-70);
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    await device.untilOnline(home);
    const {bssid} = await device.untilEvent('STA_CONNECTED', 10);
    assert.equal(bssid.toLowerCase(), near.mac);
  },
};
