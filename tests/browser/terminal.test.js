// WebREPL's own page: a console line, a file out and in, and a wrong password.

import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {HOME, fits, open, startBrowser, startDevice, violations} from './device.js';

// The device joins its network first.
const PATIENCE_MS = 60_000;
const PASSWORD = 'sesame-open';
const CONFIG = {
  schema: 2,
  known_networks: [{ssid: 'HomeNetwork', password: 'Password2', enables_webrepl: true}],
  access_point: {start_policy: 'always', enables_webrepl: true},
  webrepl: {password: PASSWORD},
};

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function terminal(t, options) {
  const device = await startDevice(t, [HOME], CONFIG);
  const url = device.webrepl.replace('ws:', 'http:') + '/';
  const ends = Date.now() + PATIENCE_MS;
  while (!await fetch(url).then(({ok}) => ok, () => false)) assert.ok(Date.now() < ends, 'it runs in time');
  return {device, page: await open(browser, url, options)};
}

async function logIn(page, password) {
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', {name: 'Log in'}).click();
}

const says = (page, words) => page.getByText(words).first().waitFor({timeout: PATIENCE_MS});

test('a line is answered, a file is read and saved', async (t) => {
  const {page} = await terminal(t);
  await logIn(page, PASSWORD);
  await says(page, 'Connected.');
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('Line').fill('NET:KNOWN');
  await page.getByLabel('Line').press('Enter');
  await page.getByRole('log').filter({hasText: 'SSID="HomeNetwork" secure=1 webrepl=1'}).waitFor();

  await page.getByRole('button', {name: 'Get'}).click();
  await says(page, 'Got networks.json.');
  const content = page.getByLabel('Content');
  const config = JSON.parse(await content.inputValue());
  assert.equal(config.known_networks[0].password, '********');
  await content.fill(JSON.stringify({...config, mode: 'maybe'}));
  await page.getByRole('button', {name: 'Put'}).click();
  await says(page, 'networks.json: the device refused it.');
  await page.getByRole('log').filter({hasText: 'Invalid config: mode'}).waitFor();
  await content.fill(JSON.stringify({...config, hostname: 'desk-lamp'}));
  await page.getByRole('button', {name: 'Put'}).click();
  await says(page, 'Saved networks.json.');
  assert.deepEqual(page.complaints, []);
});

test('a wrong password is said, on a small phone in the dark', async (t) => {
  const {page} = await terminal(t, {viewport: {width: 320, height: 640}, colorScheme: 'dark'});
  await logIn(page, 'wrong-password');
  await says(page, 'Wrong password.');
  assert.ok(await fits(page));
  assert.deepEqual(await violations(page), []);
});
