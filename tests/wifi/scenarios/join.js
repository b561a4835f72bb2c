// The plainest life of a device: it knows a network, is switched on, and is online.

import assert from 'node:assert/strict';

export default {
  title: 'joins WPA2 at boot; its access point stays down, portal and name answer from home',
  quick: true,
  limit_s: 180,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    const status = await device.untilOnline(home);
    assert.equal(status.ssid, 'HomeNetwork');
    assert.ok(Number(status.rssi) < 0, `a signal: ${status.rssi}`);
    const events = await device.events();
    const {ms} = events.find(({event}) => event == 'STA_GOT_IP');
    lab.figure('boot to address', ms / 1000);

    assert.equal(await device.accessPoint(), undefined, 'under `fallback` its access point is down');
    assert.ok(events.every(({event}) => event != 'AP_START'), 'and was never up');
    const answer = await home.get(`http://${status.ip}/api/status`);
    assert.equal(answer.status, 200, answer.body);
    const told = JSON.parse(answer.body);
    assert.equal(told.state, 'CONNECTED');
    assert.equal(told.apPassword, null, 'the station side does not tell the secret');
    const {alone, all} = device.memory();
    lab.figure('resident', alone, 'MiB');
    lab.figure('with its children', all, 'MiB');
  },
};
