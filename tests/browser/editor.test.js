// What the owner of a device does in the config server's page: reads the configuration, mistypes it,
// saves it, and gets the one before back when it locks out. Each test has its own device.

import {after, before, describe, test} from 'node:test';
import assert from 'node:assert/strict';
import {
  CAFE, HOME, fits, open, smallTargets, startBrowser, startDevice, violations,
} from './device.js';

// How long the page may take to show what the device knows: a network and a few polls.
const PATIENCE_MS = 60_000;
// Each test mostly waits for its device.
const AT_ONCE = 4;
const PASSWORD = 'pass:word';

const CONFIG = {
  schema: 2,
  known_networks: [{ssid: 'HomeNetwork', password: 'Password2'}],
  access_point: {start_policy: 'always'},
  config_server: {enabled: true, password: PASSWORD},
};

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** A device with the configuration, and its editor loaded. */
async function edit(t, options) {
  const device = await startDevice(t, [HOME, CAFE], CONFIG);
  await connected(device, 'HomeNetwork');
  const httpCredentials = {username: 'admin', password: PASSWORD};
  const page = await open(browser, device.config_url, {httpCredentials, ...options});
  await page.waitForFunction(() => document.querySelector('textarea').value);
  return {device, page};
}

/** Waits until the device is in that network. */
async function connected({ap_url}, ssid) {
  const ends = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await fetch(ap_url + '/api/status').then((answer) => answer.json(), () => ({}));
    if (status.state == 'CONNECTED' && status.ssid == ssid) return;
    assert.ok(Date.now() < ends, `in ${ssid} in time`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const text = (page) => page.getByLabel('Configuration, JSON');
const press = (page, name) => page.getByRole('button', {name, exact: true}).click();
const stands = (page, headline) => page.locator('#card').getByRole('heading', {name: headline, exact: true})
  .waitFor({timeout: PATIENCE_MS});
const says = (page, words) => page.getByText(words).first().waitFor({timeout: PATIENCE_MS});
const config = async (page) => JSON.parse(await text(page).inputValue());
const write = (page, value) => text(page).fill(JSON.stringify(value, null, 2));
/** What the browser itself logs when an answer is no success, or none comes. */
const unexpected = (page) => page.complaints.filter((complaint) => !/Failed to load resource/.test(complaint));

describe('the editor', {concurrency: AT_ONCE}, () => {
  test('shows the configuration without secrets', async (t) => {
    const {page} = await edit(t);
    const shown = await config(page);
    assert.equal(shown.known_networks[0].ssid, 'HomeNetwork');
    assert.equal(shown.known_networks[0].password, '********');
    assert.equal(shown.config_server.password, '********');
    await says(page, 'Valid JSON.');
    assert.deepEqual(page.complaints, []);
  });

  test('tells where the text is no JSON while it is typed', async (t) => {
    const {page} = await edit(t);
    await text(page).fill('{\n  "schema": 2,\n  oops\n}');
    await says(page, /Line 3, column 3: expected a name/);
    assert.equal(await text(page).getAttribute('aria-invalid'), 'true');
    await press(page, 'Go there');
    const at = await text(page).evaluate((node) => node.value.slice(node.selectionStart));
    assert.ok(at.startsWith('oops'));
    await press(page, 'Save & Apply');
    await stands(page, 'Not valid JSON');
    assert.deepEqual(page.posts, [], 'nothing is sent');
    await text(page).fill('{"schema": 2}');
    await says(page, 'Valid JSON.');
  });

  test('finds the same places as the browser', async (t) => {
    const {page} = await edit(t);
    const texts = [
      '', '{', '[1,]', '{"a" 1}', '{"a":1,}', '"x', '"\\q"', '"\\u12g4"', '01', '1.', '-', 'nul', 'truex',
      '[1 2]', '{"a":1}}', '\t{ "a" : [ 1.5e+3 , -0 , "\\u00e9\\n" , null ] }\n', '"\u0001"', '{"a":1 "b":2}',
      '[[[[]]]]', '{"":{}}', '1e5', '[true,false]', ' ',
    ];
    const states = [];
    for (const each of texts) {
      await text(page).fill(each);
      await press(page, 'Validate');
      const valid = await text(page).getAttribute('aria-invalid') == 'false';
      states.push([each, valid]);
    }
    const isJson = (each) => {
      try {
        JSON.parse(each);
        return true;
      } catch {
        return false;
      }
    };
    assert.deepEqual(states, texts.map((each) => [each, isJson(each)]));
  });

  test('tells the path of a wrong field, and changes nothing', async (t) => {
    const {device, page} = await edit(t);
    const wrong = await config(page);
    wrong.known_networks[0].password = 'short';
    await write(page, wrong);
    await press(page, 'Validate');
    await stands(page, 'Not valid');
    await says(page, /Invalid config: known_networks\[0\]\.password: expected/);
    await press(page, 'Save & Apply');
    await stands(page, 'Not saved');
    await says(page, /known_networks\[0\]\.password/);
    await press(page, 'Reload');
    await stands(page, 'Loaded');
    assert.equal((await config(page)).known_networks[0].password, '********');
    await connected(device, 'HomeNetwork');
    assert.deepEqual(unexpected(page), []);
  });

  test('validates without storing', async (t) => {
    const {page} = await edit(t);
    await write(page, {...await config(page), hostname: 'renamed'});
    await press(page, 'Validate');
    await stands(page, 'Valid');
    await press(page, 'Reload');
    await stands(page, 'Loaded');
    assert.equal((await config(page)).hostname, undefined);
  });

  test('moves the network, and what is reached stays', async (t) => {
    const {device, page} = await edit(t);
    const moved = await config(page);
    moved.known_networks = [{ssid: 'CafeFree', password: ''}];
    await write(page, moved);
    await press(page, 'Save & Apply');
    await stands(page, 'Saved');
    await connected(device, 'CafeFree');
    await stands(page, 'In force');
    assert.equal((await config(page)).known_networks[0].ssid, 'CafeFree');
    assert.deepEqual(unexpected(page), []);
  });

  test('gets the one before back when the new one locks out', async (t) => {
    const {device, page} = await edit(t);
    const locking = await config(page);
    locking.known_networks = [{ssid: 'Elsewhere', password: 'Password2'}];
    locking.access_point.start_policy = 'never';
    await write(page, locking);
    await press(page, 'Save & Apply');
    await stands(page, 'No answer yet');
    await connected(device, 'HomeNetwork');
    await stands(page, 'The device answers');
    assert.equal((await config(page)).known_networks[0].ssid, 'HomeNetwork');
    assert.deepEqual(unexpected(page), []);
  });
});

describe('the editor is for everybody', {concurrency: AT_ONCE}, () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      test(`in its states, ${colorScheme}, ${width} px`, async (t) => {
        const {page} = await edit(t, {colorScheme, viewport: {width, height: 700}});
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await smallTargets(page), []);
        assert.ok(await fits(page));
        await text(page).fill('{');
        await says(page, /Line 1, column 2/);
        await press(page, 'Save & Apply');
        await stands(page, 'Not valid JSON');
        assert.deepEqual(await violations(page), []);
        await press(page, 'Reload');
        await stands(page, 'Loaded');
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await smallTargets(page), []);
        assert.ok(await fits(page));
        assert.deepEqual(page.complaints, []);
      });
    }
  }

  test('from the keyboard alone', async (t) => {
    const {page} = await edit(t);
    const names = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      names.push(await page.evaluate(() => document.activeElement.id));
    }
    assert.deepEqual(names, ['text', 'reload', 'validate', 'save']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await stands(page, 'Valid');
  });

  test('as one page of at most 4 KiB', async (t) => {
    const {device, page} = await edit(t);
    assert.deepEqual(page.requested, ['GET /', 'GET /config']);
    const headers = {Authorization: 'Basic ' + btoa('admin:' + PASSWORD)};
    const answer = await fetch(device.config_url + '/', {headers});
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.ok(Number(answer.headers.get('content-length')) <= 4096);
  });
});
