// What a student goes through: open the page of a session, be told what is wrong, be marked once. The
// device and its server are those of the demo.

import {after, before, describe, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import readline from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fits, open, smallTargets, startBrowser, violations} from './device.js';

const PROGRAM = process.env.LANDFALL_BIN
  ?? new URL('../../target/release/landfall', import.meta.url).pathname;
// For an enrolment, a session, a mark: each takes a second or two on a machine that is not busy.
const PATIENCE_MS = 60_000;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function until(what, so) {
  for (const bound = Date.now() + PATIENCE_MS; Date.now() < bound; await sleep(200)) {
    if (await so().catch(() => false)) return;
  }
  assert.fail(`never: ${what}`);
}

/** A demo with one device, which runs a session: where its portal is. */
async function startSession(t, body = {}) {
  const program = spawn(PROGRAM, ['demo', '--devices', '1', '--listen', '127.0.0.1:0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit');
  t.after(async () => {
    program.kill('SIGTERM');
    await ended;
  });
  const [line] = await once(readline.createInterface({input: program.stdout}), 'line');
  const {devices: [device], server} = JSON.parse(line);
  const json = {'Content-Type': 'application/json'};
  const login = await fetch(server.url + '/api/v1/login', {
    method: 'POST', headers: json, body: JSON.stringify({username: server.admin, password: server.password}),
  });
  const headers = {
    ...json,
    Cookie: login.headers.get('set-cookie').split(';')[0],
    'X-CSRF-Token': (await login.json()).csrf_token,
  };
  const ask = async (path) => (await fetch(server.url + path, {headers})).json();
  await until('the device is online', async () => (await ask('/api/v1/devices')).summary.online == 1);
  const started = await fetch(server.url + '/api/v1/sessions', {
    method: 'POST',
    headers,
    body: JSON.stringify({course: 'CS101', session: '2024/2025', semester: '1st Semester', ...body}),
  });
  const {id} = await started.json();
  await until('the portal is there', async () => (await (await fetch(device.ap_url + '/api/session')).json()).active);
  return {device, present: async () => (await ask(`/api/v1/sessions/${id}`)).counts.present};
}

const says = (page, text) => page.locator('#card').getByText(text).waitFor({timeout: PATIENCE_MS});

async function mark(page, matric, code) {
  await page.getByLabel('Matric number').fill(matric);
  if (code) await page.getByLabel(/^Code/).fill(code);
  await page.getByRole('button', {name: 'Mark me present'}).click();
}

describe('attendance', () => {
  for (const [phone, viewport, colorScheme] of [
    ['the smallest phone', {width: 320, height: 568}, 'light'],
    ['a phone at night', {width: 390, height: 844}, 'dark'],
  ]) {
    test(`a student marks once, on ${phone}`, async (t) => {
      const {device, present} = await startSession(t);
      const page = await open(browser, device.ap_url, {viewport, colorScheme});
      await page.getByText('CS101 Introduction to Computer Science').waitFor({timeout: PATIENCE_MS});
      assert.equal(await page.getByLabel(/^Code/).isVisible(), false);
      await page.getByText('phones are on this Wi-Fi').waitFor();
      assert.deepEqual(await violations(page), []);
      assert.ok(await fits(page));
      assert.deepEqual(await smallTargets(page), []);
      await mark(page, 'CSC/1999/001');
      await says(page, 'You are not on the list');
      await mark(page, 'CSC/2021/001');
      await says(page, 'You are marked present');
      assert.equal(await page.getByRole('button').isVisible(), false, 'nothing is left to send');
      assert.deepEqual(await violations(page), []);
      assert.equal(await present(), 1);
      // A refusal is an answer of the device, not a fault of the page.
      assert.deepEqual(page.complaints.filter((line) => !line.includes('409 (Conflict)')), []);
    });
  }

  test('a code is asked for where the lecturer wants one', async (t) => {
    const {device, present} = await startSession(t, {require_code: true});
    const page = await open(browser, device.ap_url);
    await page.getByLabel(/^Code/).waitFor({timeout: PATIENCE_MS});
    assert.deepEqual(await violations(page), []);
    await mark(page, 'CSC/2021/001', '000000x');
    await says(page, 'The code is wrong');
    assert.equal(await present(), 0);
  });

  test('without script the device writes the page itself', async (t) => {
    const {device, present} = await startSession(t);
    const page = await open(browser, device.ap_url, {javaScriptEnabled: false, viewport: {width: 320, height: 568}});
    await page.getByText('CS101 Introduction to Computer Science').waitFor({timeout: PATIENCE_MS});
    await mark(page, 'CSC/2021/002');
    await page.getByText('You are marked present').waitFor({timeout: PATIENCE_MS});
    assert.equal(await present(), 1);
  });
});
