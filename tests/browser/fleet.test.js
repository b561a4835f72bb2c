// A class from both ends: a lecturer's browser on the dashboard, a student's phone on the device
// that the dashboard picked. LANDFALL_SHOTS names a folder for pictures of what is seen.

import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import path from 'node:path';
import {fits, open, startBrowser, startDemo, violations} from './device.js';

// Enrolment, a heartbeat, an access point that comes up with another name.
const PATIENCE_MS = 90_000;
const DESKTOP = {width: 1200, height: 800};

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const shot = async (page, name) => {
  const folder = process.env.LANDFALL_SHOTS;
  if (folder) await page.screenshot({path: path.join(folder, name)});
};

/** What stands beside that word among the figures of a page. */
const figure = (page, word) => page.locator('.figures div').filter({hasText: word}).locator('dd').first();

async function shows(page, word, value) {
  await page.waitForFunction(
    ([word, value]) => [...document.querySelectorAll('.figures div')].some((div) =>
      div.querySelector('dt').textContent == word && div.querySelector('dd').textContent == value),
    [word, value], {timeout: PATIENCE_MS});
}

async function logIn({url, admin, password}, options) {
  const page = await open(browser, url, {viewport: DESKTOP, ...options});
  await page.getByLabel('Username').fill(admin);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', {name: 'Log in'}).click();
  await page.getByRole('heading', {name: 'Devices', exact: true}).waitFor();
  return page;
}

/** The first device whose access point has that name. */
async function deviceCalled(devices, apSsid) {
  const ends = Date.now() + PATIENCE_MS;
  for (;;) {
    for (const device of devices) {
      const status = await fetch(device.ap_url + '/api/status').then((answer) => answer.json(), () => ({}));
      if (status.apSsid == apSsid) return device;
    }
    assert.ok(Date.now() < ends, `a device is called ${apSsid} in time`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

test('a session is started, a student marks, the count rises', async (t) => {
  const {devices, server} = await startDemo(t, 2);
  const page = await logIn(server);
  await shows(page, 'Online', '2');
  await shows(page, 'Available', '2');
  assert.deepEqual(await violations(page), []);
  await shot(page, 'devices.png');

  await page.getByRole('link', {name: 'Sessions'}).click();
  await page.getByRole('link', {name: 'Start a session'}).click();
  await page.getByLabel('Session', {exact: true}).fill('2024/2025');
  await page.getByLabel('Semester').fill('1st Semester');
  await page.getByRole('button', {name: 'Preview'}).click();
  await page.getByRole('heading', {name: 'What would happen'}).waitFor();
  const preview = page.locator('#preview');
  assert.match(await preview.innerText(), /CS101_Attendance_2024_2025/);
  assert.match(await preview.innerText(), /Passed over: 1/);
  assert.deepEqual(await violations(page), []);
  await shot(page, 'start.png');

  await page.getByRole('button', {name: 'Start', exact: true}).click();
  await page.getByRole('heading', {name: 'CS101 · Introduction to Computer Science'}).waitFor();
  assert.equal(await figure(page, 'Roster').innerText(), '6');
  const device = await deviceCalled(devices, 'CS101_Attendance_2024_2025');

  const phone = await open(browser, device.ap_url);
  await phone.getByText('CS101').first().waitFor({timeout: PATIENCE_MS});
  await phone.getByLabel('Matric number').fill('csc/2021/001');
  await shot(phone, 'mark.png');
  await phone.getByRole('button', {name: 'Mark me present'}).click();
  await phone.locator('#card h2').waitFor({timeout: PATIENCE_MS});

  await shows(page, 'Present', '1');
  await page.getByRole('row', {name: /Grace Hopper/}).getByText('present').waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, 'session.png');
  page.on('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', {name: 'End the session'}).click();
  await page.getByText('ended').first().waitFor();
  const strange = page.complaints.filter((complaint) => !complaint.startsWith('dialog: End the session?'));
  assert.deepEqual(strange, []);
});

test('every page fits a small phone, in the dark too', async (t) => {
  const {server} = await startDemo(t, 1);
  const page = await logIn(server, {viewport: {width: 320, height: 640}, colorScheme: 'dark'});
  for (const path of ['/', '/sessions', '/sessions/new', '/courses', '/people', '/config/fleet', '/rollouts', '/audit']) {
    await page.goto(server.url + path);
    assert.ok(await fits(page), `${path} fits`);
    assert.deepEqual(await violations(page), [], path);
  }
});
