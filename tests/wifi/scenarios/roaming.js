// Somebody carries the device from one access point to the other.

import assert from 'node:assert/strict';

import {until} from '../lib/process.js';

export default {
  title: 'roams to the louder access point of its network, and keeps its address',
  limit_s: 300,
  async run(lab) {
    const home = await lab.network();
    const [near, far] = lab.air.routers;
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', radio: 0, channel: 6});
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', radio: 1, channel: 6});
    far.heardAt(-70);
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    const {ip} = await device.untilOnline(home);
    near.heardAt(-80);
    far.heardAt(-50);
    const from = Date.now();
    // 30 s below -75 dBm, and a scan.
    const on = async () => (await device.events()).findLast(({event}) => event == 'STA_CONNECTED')?.bssid.toLowerCase();
    await until('it hears its own as weak', 60, async () => Number((await device.status()).rssi) < -75);
    await until('it is on the other access point', 120, async () => await on() == far.mac);
    lab.figure('moved after', (Date.now() - from) / 1000);
    const status = await device.untilOnline(home);
    assert.equal(status.ip, ip);
  },
};
