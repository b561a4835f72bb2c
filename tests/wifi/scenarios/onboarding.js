// What someone with only a phone goes through, over the air: join the device's access point, be sent
// to the portal, mistype the password, correct it, and see the result although the access point
// moved to the router's channel.

import assert from 'node:assert/strict';

import {AP_PASSWORD} from '../lib/device.js';
import {until} from '../lib/process.js';

const PROBE = 'http://connectivitycheck.gstatic.com/generate_204';

export default {
  title: 'onboarding by a phone: probe, scan list, wrong and right password, result after the move',
  quick: true,
  limit_s: 900,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', channel: 11});
    const device = lab.device({settings: {access_point: {config: {password: AP_PASSWORD, channel: 1}, start_policy: 'fallback'}}});
    const phone = await lab.phone();
    // It takes an emulated processor longest, and the device does not wait for it.
    const opened = phone.openPage();
    await device.start();
    assert.equal((await device.untilAccessPoint()).channel, 1);
    const {ap_ssid} = await device.untilIn('AP_ACTIVE', 30);
    const page = await opened;

    await phone.join(ap_ssid, AP_PASSWORD);
    const address = Date.now();
    await page.goto(PROBE);
    await page.locator('#card').waitFor();
    lab.figure('address to page shown', (Date.now() - address) / 1000);
    assert.equal(page.url(), 'http://192.168.4.1/');
    await page.screenshot({path: lab.file('0-portal.png'), fullPage: true});
    // glibc gives up after two tries, which a browser on an emulated processor can outlast.
    const found = await until('a name is found', 60, () => phone.resolve('connectivitycheck.gstatic.com').catch(() => undefined));
    assert.deepEqual(found, ['192.168.4.1']);
    const probe = await phone.get(PROBE);
    assert.deepEqual([probe.status, probe.location], [302, 'http://192.168.4.1/']);

    const row = page.locator('li').filter({has: page.getByText('HomeNetwork', {exact: true})}).getByRole('button');
    await row.waitFor();
    await page.screenshot({path: lab.file('1-list.png'), fullPage: true});
    await row.click();
    await connect(page, 'Password1');
    await says(page, 'Wrong password');
    await page.screenshot({path: lab.file('2-wrong-password.png'), fullPage: true});

    await page.getByLabel('Network name').fill('HomeNetwork');
    const sent = Date.now();
    await connect(page, 'Password2');
    const {ip} = await device.untilIn('CONNECTED', 60);
    lab.figure('submit to online', (Date.now() - sent) / 1000);
    await says(page, 'Connected');
    await says(page, `http://${ip}/`);
    lab.figure('submit to result', (Date.now() - sent) / 1000);
    await page.screenshot({path: lab.file('3-connected.png'), fullPage: true});
    const accessPoint = await device.accessPoint();
    assert.equal(accessPoint?.channel, 11, 'its access point followed to the channel of the router, and lingers');
    assert.deepEqual(await device.known(), ['HomeNetwork']);
    assert.equal((await home.get(`http://${ip}/api/status`)).status, 200);
  },
};

async function connect(page, password) {
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', {name: 'Connect'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Connect'}).click();
}

const says = (page, text) => page.locator('#card').getByText(text).first().waitFor();
