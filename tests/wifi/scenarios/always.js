// An access point that is always there, beside a station that comes and goes.

import assert from 'node:assert/strict';

import {AP_PASSWORD} from '../lib/device.js';

const KNOWN = [{ssid: 'HomeNetwork', password: 'Password2'}];

export default {
  title: 'policy `always`: station and access point at once, the portal on both sides, the phone stays',
  limit_s: 300,
  async run(lab) {
    const home = await lab.network();
    const router = await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', channel: 11});
    const device = lab.device({known: KNOWN, policy: 'always'});
    await device.start();
    await device.untilAccessPoint();
    const {ap_ssid, ip} = await device.untilOnline(home);
    const {channel} = await device.untilAccessPoint();
    assert.equal(channel, 11, 'one radio, one channel');

    const phone = await lab.phone();
    await phone.join(ap_ssid, AP_PASSWORD);
    const [here, there] = [await phone.get('http://192.168.4.1/api/status'), await home.get(`http://${ip}/api/status`)];
    assert.equal(JSON.parse(here.body).apPassword, AP_PASSWORD, 'its own side tells the secret');
    assert.equal(JSON.parse(there.body).apPassword, null);
    assert.equal(JSON.parse(here.body).ap_clients, 1);

    router.vanish();
    await device.untilIn('AP_ACTIVE', 60);
    assert.equal((await phone.get('http://192.168.4.1/')).status, 200, 'a station that fails does not disturb it');
    router.comeBack();
    await device.untilOnline(home, 90);
    assert.ok(await phone.isJoined());
    const events = await device.events();
    assert.equal(events.filter(({event}) => event == 'AP_START').length, 1, 'it was up all the time');
    assert.ok(events.every(({event}) => event != 'AP_STOP'));
  },
};
