// The stock Improv client on a device's serial port: what ESP Web Tools and Home Assistant do there.

import {test} from 'node:test';
import assert from 'node:assert/strict';
import {CAFE, HOME, startDevice} from '../simulator.js';
import {connect} from './stock.js';

const READY = 2;
const PROVISIONING = 3;
const PROVISIONED = 4;

test('a device tells what it is, and what networks there are', async (t) => {
  const device = await startDevice(t, [HOME, CAFE, {ssid: 'Hidden', hidden: true}]);
  const client = await connect(t, device.improv);
  assert.equal(client.state, READY);
  const {firmware, chipFamily, name} = client.info;
  assert.deepEqual([firmware, chipFamily, name], ['Landfall', 'Simulator', 'landfall-56789a']);
  const rows = await client.scan();
  assert.deepEqual(rows.map(({name, secured}) => [name, secured]), [['CafeFree', false], ['HomeNetwork', true]]);
  assert.ok(rows.every(({rssi}) => rssi < -30 && rssi > -90));
});

test('a wrong password is refused, the right one joins', async (t) => {
  const device = await startDevice(t, [HOME]);
  const client = await connect(t, device.improv);
  await assert.rejects(client.provision('HomeNetwork', 'WrongPass1'));
  assert.equal(client.error, 3);
  await client.requestCurrentState();
  assert.equal(client.state, READY);

  client.states.length = 0;
  await client.provision('HomeNetwork', 'Password2');
  assert.deepEqual(client.states, [PROVISIONING, PROVISIONED]);
  assert.match(client.nextUrl, /^http:\/\/10\.0\.0\.\d+\/$/);
  const {state, ssid, candidate} = await (await fetch(device.sta_url + '/api/status')).json();
  assert.deepEqual([state, ssid, candidate.verdict], ['CONNECTED', 'HomeNetwork', 'ok']);

  // A port has one reader.
  await client.close();
  const later = await connect(t, device.improv);
  assert.match(later.nextUrl, /^http:\/\/10\.0\.0\.\d+\/$/, 'whoever comes later is told where it is');
});

test('the verdict on what the portal was given shows here', async (t) => {
  const device = await startDevice(t, [HOME]);
  const client = await connect(t, device.improv);
  const told = new Promise((resolve) => client.addEventListener('state-changed', ({detail}) => {
    if (detail == PROVISIONED) resolve();
  }));
  const answer = await fetch(device.ap_url + '/api/wifi', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({ssid: 'HomeNetwork', pass: 'Password2'}),
  });
  assert.equal(answer.status, 200);
  await assert.rejects(client.provision('HomeNetwork', 'Password2'), undefined, 'one candidate at a time');
  await told;
});

// The client takes the length of a frame with ten bytes of data for a line feed, and loses it: these names
// have six characters.
test('names are set, and bad ones refused', async (t) => {
  const device = await startDevice(t, []);
  const client = await connect(t, device.improv);
  assert.equal(await client.setDeviceName('oven-2'), 'oven-2');
  assert.equal(await client.setHostname('pantry'), 'pantry');
  assert.equal(await client.getHostname(), 'pantry');
  assert.equal(await client.getDeviceName(), 'oven-2');
  await assert.rejects(client.setHostname('Not a host'));
  assert.equal(client.error, 5);
  await assert.rejects(client.requestNetworkState());
  assert.equal(client.error, 2, 'a command of later days');
  assert.equal(await client.getHostname(), 'pantry');
});
