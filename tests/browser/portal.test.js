// What someone with only a phone goes through: join a network, mistype its password, lose the access
// point and come back, start over. Each test has its own device.

import {after, before, describe, test} from 'node:test';
import assert from 'node:assert/strict';
import {
  CAFE, HOME, fits, open, smallTargets, startBrowser, startDevice, violations,
} from './device.js';

// How long the page may take to show what the device knows: a proof and a few polls.
const PATIENCE_MS = 30_000;

// Each test has a device of its own and mostly waits for the page's next poll.
const AT_ONCE = 4;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** The one region that tells state and result. */
const card = (page) => page.locator('#card');
const row = (page, ssid) => page.locator('li').filter({has: page.getByText(ssid, {exact: true})}).getByRole('button');
const says = (page, text) => card(page).getByText(text).first().waitFor({timeout: PATIENCE_MS});
const stands = (page, headline) => card(page).getByRole('heading', {name: headline, exact: true})
  .waitFor({timeout: PATIENCE_MS});
const bodies = (page, path) => page.posts.filter((post) => post.path == path).map(({body}) => JSON.parse(body));

async function fill(page, ssid, password) {
  await page.getByLabel('Network name').fill(ssid);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', {name: 'Connect'}).click();
}

const confirm = (page, name) => page.getByRole('dialog').getByRole('button', {name}).click();

describe('the way into a network', {concurrency: AT_ONCE}, () => {
  for (const [device, viewport] of [
    ['the smallest phone', {width: 320, height: 568}],
    ['a phone', {width: 390, height: 844}],
    ['a desktop', {width: 1280, height: 900}],
  ]) {
    test(`with the right password, on ${device}`, async (t) => {
      const {ap_url} = await startDevice(t, [HOME, CAFE]);
      const page = await open(browser, ap_url, {viewport});
      await row(page, 'HomeNetwork').click();
      await page.keyboard.type('Password2');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', {name: /HomeNetwork/}).waitFor();
      assert.deepEqual(bodies(page, '/api/wifi'), [], 'nothing is sent before the confirmation');
      await confirm(page, 'Connect');
      await stands(page, 'Connected');
      await says(page, 'HomeNetwork');
      await card(page).getByRole('link', {name: /^http:\/\/10\.0\.0\.\d+\/$/}).waitFor();
      await card(page).getByRole('link', {name: /^http:\/\/landfall-[0-9a-f]{6}\.local\/$/}).waitFor();
      await page.waitForRequest((request) => request.url().endsWith('/api/seen'), {timeout: PATIENCE_MS});
      assert.deepEqual(bodies(page, '/api/wifi'), [{ssid: 'HomeNetwork', pass: 'Password2'}]);
      assert.deepEqual(page.complaints, []);
    });
  }

  test('a wrong password is told, and corrected without typing it anew', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    await row(page, 'HomeNetwork').click();
    await page.getByLabel('Password').fill('Password1');
    await page.getByRole('button', {name: 'Connect'}).click();
    await confirm(page, 'Connect');
    await stands(page, 'Could not connect');
    await says(page, 'Wrong password');
    await page.getByRole('button', {name: 'Show'}).click();
    assert.equal(await page.getByLabel('Password').getAttribute('type'), 'text');
    assert.equal(await page.getByLabel('Password').inputValue(), 'Password1');
    await fill(page, 'HomeNetwork', 'Password2');
    await confirm(page, 'Connect');
    await stands(page, 'Connected');
    assert.deepEqual(page.complaints, []);
  });

  test('an open network takes no password', async (t) => {
    const {ap_url} = await startDevice(t, [HOME, CAFE]);
    const page = await open(browser, ap_url);
    await row(page, 'CafeFree').click();
    assert.equal(await row(page, 'CafeFree').getByRole('img', {name: 'secured'}).count(), 0);
    await page.keyboard.press('Enter');
    await confirm(page, 'Connect');
    await stands(page, 'Connected');
    assert.deepEqual(bodies(page, '/api/wifi'), [{ssid: 'CafeFree', pass: ''}]);
  });

  test('a network that is not there is told', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    await fill(page, 'Elsewhere', 'Password2');
    await confirm(page, 'Connect');
    await says(page, 'Not found');
    await page.reload();
    await says(page, 'Not found');
    await says(page, 'Elsewhere');
  });

  test('a confirmation that is cancelled sends nothing', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    await fill(page, 'HomeNetwork', 'Password2');
    await confirm(page, 'Cancel');
    await fill(page, 'HomeNetwork', 'Password2');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({state: 'hidden'});
    assert.deepEqual(page.posts, []);
  });

  for (const [what, ssid, password, reason, field] of [
    ['a name of 33 bytes', 'é'.repeat(16) + 'x', 'Password2', '1 to 32 bytes', 'Network name'],
    ['a short password', 'HomeNetwork', '1234567', 'at least 8', 'Password'],
    ['a password with an accent', 'HomeNetwork', 'Pässword2', 'without accents', 'Password'],
  ]) {
    test(`${what} is refused in words, at its field`, async (t) => {
      const {ap_url} = await startDevice(t, [HOME]);
      const page = await open(browser, ap_url);
      await fill(page, ssid, password);
      await confirm(page, 'Connect');
      await says(page, reason);
      assert.ok(await page.getByLabel(field).evaluate((node) => node == document.activeElement));
    });
  }

  test('an empty name asks for nothing', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    await fill(page, '', 'Password2');
    assert.ok(await page.locator('#ssid:invalid:focus').count(), 'the browser points at the field');
    assert.ok(await page.getByRole('dialog').isHidden());
  });

  test('while another is tried, the page says to wait', async (t) => {
    const {ap_url} = await startDevice(t, [{...HOME, dhcp: false}]);
    const page = await open(browser, ap_url);
    await fill(page, 'HomeNetwork', 'Password2');
    const other = await fetch(ap_url + '/api/wifi', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({ssid: 'HomeNetwork', pass: 'Password2'}),
    });
    assert.equal(other.status, 200);
    await confirm(page, 'Connect');
    await card(page).getByText(/Wait 20 seconds/).first().waitFor();
  });
});

describe('the list of networks', {concurrency: AT_ONCE}, () => {
  test('is scanned again on demand', async (t) => {
    const {ap_url, air} = await startDevice(t, [{...HOME, name: 'home'}, CAFE]);
    const page = await open(browser, ap_url);
    await row(page, 'HomeNetwork').waitFor();
    await air('ap', 'home', 'off');
    await assert.doesNotReject(async () => {
      // Rows up to 15 s old are given as they are, in the device's time.
      for (let scans = 0; await row(page, 'HomeNetwork').count(); scans++) {
        assert.ok(scans < 10, 'a network that is off stays in the list');
        await page.getByRole('button', {name: 'Rescan'}).click();
        await page.getByText(/\d found/).waitFor();
        await page.waitForTimeout(1000);
      }
    });
    await row(page, 'CafeFree').waitFor();
    assert.deepEqual(page.complaints, []);
  });

  test('tells lock and strength to those who do not see them', async (t) => {
    const {ap_url} = await startDevice(t, [HOME, {...CAFE, rssi: -82}]);
    const page = await open(browser, ap_url);
    await page.getByRole('button', {name: 'HomeNetwork secured signal 4 of 4'}).waitFor();
    await page.getByRole('button', {name: /^CafeFree signal 1 of 4/}).waitFor();
  });

  for (const [what, ssid] of [
    ['markup', '<script>alert(1)</script>'],
    ['an image that fails', '<img src=x onerror=alert(1)>'],
    ['quotes', `"'&quot;\\'`],
    ['emoji', 'Café 🛰️ 東京'],
    ['32 bytes without a space', 'W'.repeat(32)],
    ['spaces at both ends', '  two  '],
  ]) {
    test(`shows a name with ${what} as text, and joins it`, async (t) => {
      const {ap_url} = await startDevice(t, [{...HOME, ssid}]);
      const page = await open(browser, ap_url, {viewport: {width: 320, height: 568}});
      const name = page.locator('li bdi');
      await name.waitFor();
      assert.equal(await name.textContent(), ssid);
      assert.ok(await fits(page), 'nothing sticks out at 320 px');
      await name.click();
      await page.keyboard.type('Password2');
      await page.keyboard.press('Enter');
      await confirm(page, 'Connect');
      await stands(page, 'Connected');
      assert.equal(await page.locator('#net').textContent(), ssid);
      assert.deepEqual(bodies(page, '/api/wifi'), [{ssid, pass: 'Password2'}]);
      assert.deepEqual(page.complaints, []);
    });
  }

  for (const [what, ssid_hex] of [['bytes that are no UTF-8', '436166e9'], ['a line break', '610a62']]) {
    test(`joins a name with ${what} by its bytes`, async (t) => {
      const {ap_url} = await startDevice(t, [{ssid_hex, password: 'Password2', rssi: -50, name: 'odd'}]);
      const page = await open(browser, ap_url);
      await page.locator('li button').click();
      await page.keyboard.type('Password2');
      await page.keyboard.press('Enter');
      await confirm(page, 'Connect');
      await stands(page, 'Connected');
      assert.deepEqual(bodies(page, '/api/wifi'), [{ssid_hex, pass: 'Password2'}]);
    });
  }
});

describe('the phone', {concurrency: AT_ONCE}, () => {
  test('may leave the access point and finds the result when it is back', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    await fill(page, 'HomeNetwork', 'Password1');
    await confirm(page, 'Connect');
    await stands(page, 'Connecting…');
    await page.context().setOffline(true);
    await stands(page, 'No answer');
    await says(page, 'Landfall-');
    await page.context().setOffline(false);
    await says(page, 'Wrong password');
  });

  test('holds the device only while someone touches the page', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    const plain = await page.waitForRequest((request) => request.url().includes('/api/status'));
    assert.equal(new URL(plain.url()).search, '');
    await page.getByLabel('Network name').fill('x');
    await page.waitForRequest((request) => request.url().endsWith('/api/status?active=1'));
  });

  test('on the station side is told how to get back to the access point', async (t) => {
    const {ap_url, sta_url} = await startDevice(t, [HOME]);
    const phone = await open(browser, ap_url);
    await fill(phone, 'HomeNetwork', 'Password2');
    await confirm(phone, 'Connect');
    await stands(phone, 'Connected');
    const page = await open(browser, sta_url);
    await stands(page, 'Connected');
    await page.getByText(/To scan, join the Wi-Fi “Landfall-/).waitFor();
    assert.ok(await page.getByRole('button', {name: 'Rescan'}).isDisabled());
    assert.ok(!page.requested.includes('GET /api/scan'));
    const writes = page.posts.filter(({path}) => path != '/api/seen');
    assert.deepEqual(writes, [], 'nothing that asks for a password before the user wants it');
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(await violations(page), []);
  });

  test('on the station side changes the network with the password that the browser asks for', async (t) => {
    const {ap_url, sta_url} = await startDevice(t, [HOME, CAFE]);
    const {apPassword} = await (await fetch(ap_url + '/api/status')).json();
    const phone = await open(browser, ap_url);
    await fill(phone, 'HomeNetwork', 'Password2');
    await confirm(phone, 'Connect');
    await stands(phone, 'Connected');
    // Without a secret of the config server the one of the access point stands in.
    const page = await open(browser, sta_url, {httpCredentials: {username: 'admin', password: apPassword}});
    await stands(page, 'Connected');
    await fill(page, 'CafeFree', '');
    await confirm(page, 'Connect');
    await says(page, 'CafeFree');
    await stands(page, 'Connected');
    assert.equal(await page.locator('#net').textContent(), 'CafeFree');
  });

  test('resets after a confirmation and learns the way back', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url);
    const {apSsid, apPassword} = await (await fetch(ap_url + '/api/status')).json();
    await page.getByRole('button', {name: 'Reset'}).click();
    assert.deepEqual(page.posts, []);
    await confirm(page, 'Reset');
    await says(page, apSsid);
    await says(page, apPassword);
    await page.getByText(/\d found/).waitFor();
  });
});

describe('the page', {concurrency: AT_ONCE}, () => {
  test('is one request of at most 4 KiB', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const answer = await fetch(ap_url + '/');
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.ok(Number(answer.headers.get('content-length')) <= 4096);
    const page = await open(browser, ap_url);
    await row(page, 'HomeNetwork').waitFor();
    const pages = page.requested.filter((request) => !request.startsWith('GET /api/'));
    assert.deepEqual(pages, ['GET /']);
  });

  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      test(`is accessible in its states, ${colorScheme}, ${width} px`, async (t) => {
        const {ap_url} = await startDevice(t, [HOME, CAFE]);
        const page = await open(browser, ap_url, {colorScheme, viewport: {width, height: 700}});
        await row(page, 'HomeNetwork').waitFor();
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await smallTargets(page), []);
        assert.ok(await fits(page));
        await fill(page, 'HomeNetwork', 'Password1');
        assert.deepEqual(await violations(page), []);
        await confirm(page, 'Connect');
        await stands(page, 'Connecting…');
        assert.ok(await card(page).evaluate((node) => node == document.activeElement));
        assert.deepEqual(await violations(page), []);
        await says(page, 'Wrong password');
        assert.deepEqual(await violations(page), []);
        await fill(page, 'HomeNetwork', 'Password2');
        await confirm(page, 'Connect');
        await stands(page, 'Connected');
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await smallTargets(page), []);
        assert.deepEqual(page.complaints, []);
      });
    }
  }

  test('is used from the keyboard alone', async (t) => {
    const {ap_url} = await startDevice(t, [CAFE]);
    const page = await open(browser, ap_url);
    await row(page, 'CafeFree').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await stands(page, 'Connected');
  });

  test('works as a plain form without script', async (t) => {
    const {ap_url} = await startDevice(t, [HOME]);
    const page = await open(browser, ap_url, {javaScriptEnabled: false, viewport: {width: 320, height: 568}});
    assert.equal(await page.getByRole('button').count(), 1, 'no button that does nothing');
    await fill(page, 'HomeNetwork', 'Password1');
    await page.waitForURL('**/result');
    assert.match(page.posts[0].body, /^ssid=HomeNetwork&pass=Password1$/);
    await page.getByText(/wrong password|password is wrong/i).first().waitFor({timeout: PATIENCE_MS});
    assert.deepEqual(page.complaints, []);
  });
});
