// The programs below the daemon die, as programs do.

import assert from 'node:assert/strict';

import {AP_PASSWORD} from '../lib/device.js';
import {until} from '../lib/process.js';

export default {
  title: 'wpa_supplicant or hostapd killed: started again, online and on the air as before',
  quick: true,
  limit_s: 300,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}], policy: 'always'});
    await device.start();
    await device.untilOnline(home);
    const {ap_ssid} = await device.status();
    await device.untilAccessPoint();

    const killed = device.killChild('wpa_supplicant');
    assert.ok(killed, 'it runs a wpa_supplicant');
    let from = Date.now();
    await device.untilEvent('disconnected', 60);
    await device.untilOnline(home, 90);
    lab.figure('online after wpa_supplicant died', (Date.now() - from) / 1000);

    const before = device.killChild('hostapd');
    assert.ok(before, 'it runs a hostapd');
    from = Date.now();
    const phone = await lab.phone();
    await phone.join(ap_ssid, AP_PASSWORD);
    lab.figure('phone back after hostapd died', (Date.now() - from) / 1000);
    await until('the portal answers', 30, async () => (await phone.get('http://192.168.4.1/')).status == 200);
    assert.ok(device.daemon.isRunning);
  },
};
