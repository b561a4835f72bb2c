// The country's rules and the radio's power are the configuration's, from the start and when it changes.

import assert from 'node:assert/strict';

import {run, until} from '../lib/process.js';

const ADMIN = {password: 'config server'};
const CHANGED = {country: 'FR', tx_power_dbm: 12};

export default {
  title: 'country and power of the radio follow the configuration, and are given back at the end',
  limit_s: 240,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    // A daemon that was killed in another scenario may have left its limit.
    await run('iw', 'dev', lab.air.device.name, 'set', 'txpower', 'auto');
    const before = await freely(lab);
    const device = lab.device({
      known: [{ssid: 'HomeNetwork', password: 'Password2'}],
      policy: 'always',
      settings: {radio: {country: 'DE', tx_power_dbm: 7}, config_server: {enabled: true, ...ADMIN}},
    });
    await device.start();
    const {ip} = await device.untilOnline(home);
    const {name} = await device.untilAccessPoint();
    await until('the rules of DE and 7 dBm', 30, () => follows(lab, 'DE', 7));
    assert.equal(await power(lab, name), 7, 'the access point is no louder');

    const url = `http://${ip}:8080/config`;
    const basic = ['--user', `admin:${ADMIN.password}`];
    const config = JSON.parse((await home.get(url, ...basic)).body);
    const posted = JSON.stringify({...config, radio: CHANGED});
    const saved = await home.get(url, ...basic, '--header', 'Content-Type: application/json', '--data', posted);
    assert.equal(saved.status, 200, saved.body);
    await until('the rules of FR and 12 dBm', 60, () => follows(lab, CHANGED.country, CHANGED.tx_power_dbm));

    await device.stop();
    assert.equal(await freely(lab), before, 'the power is what it was');
  },
};

/** What an interface of the device sends with, in dBm. */
async function power(lab, interface_ = lab.air.device.name) {
  const text = await run('iw', 'dev', interface_, 'info');
  return Number(/txpower ([\d.]+) dBm/.exec(text)?.[1]);
}

/** What it sends with when nobody limits it: an interface that is down does not say. */
async function freely(lab) {
  await run('ip', 'link', 'set', lab.air.device.name, 'up');
  const dbm = await power(lab);
  await run('ip', 'link', 'set', lab.air.device.name, 'down');
  return dbm;
}

async function follows(lab, country, dbm) {
  const rules = await run('iw', 'reg', 'get');
  return rules.includes(`country ${country}:`) && await power(lab) == dbm;
}
