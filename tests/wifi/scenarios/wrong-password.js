// Somebody mistypes the password, while a phone looks at the portal.

import assert from 'node:assert/strict';

import {AP_PASSWORD} from '../lib/device.js';

const PORTAL = 'http://192.168.4.1';

export default {
  title: 'a wrong key is told as `wrong_password`, and the portal is still up',
  quick: true,
  limit_s: 240,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', channel: 6});
    const device = lab.device();
    await device.start();
    await device.untilAccessPoint();
    const {ap_ssid} = await device.untilIn('AP_ACTIVE', 30);
    const phone = await lab.phone();
    await phone.join(ap_ssid, AP_PASSWORD);

    const from = Date.now();
    const verdict = await device.offer('HomeNetwork', 'Password1');
    assert.match(verdict, /NET_CONNECT_FAILED wrong_password$/);
    lab.figure('told after', (Date.now() - from) / 1000);
    await device.untilIn('AP_ACTIVE', 30);
    assert.ok(await phone.isJoined(), 'the phone is where it was, or came back');
    assert.equal((await phone.get(`${PORTAL}/`)).status, 200);
    const {candidate} = JSON.parse((await phone.get(`${PORTAL}/api/status`)).body);
    assert.deepEqual(candidate, {ssid: 'HomeNetwork', verdict: 'wrong_password'});
    assert.deepEqual(await device.known(), [], 'nothing was stored');
  },
};
