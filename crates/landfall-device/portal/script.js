// The portal's page: reads the status, shows the networks, sends what the user chose, and tells how
// it went. SSIDs are hostile text: they reach the page by textContent and value alone. Nothing here
// gives up: the phone may leave the access point while the device tries a network, and come back.

const POLL_MS = 2000;
// A page touched this lately asks the device not to leave for another network just now.
const TOUCHED_MS = 60000;
// Then a GET counts as lost; a scan may take 5 s. A POST waits for the user's password.
const GET_MS = 9000;

// Every verdict of the device and every refusal of its API: what is wrong, what to do next.
const words = {
  wrong_password: 'Wrong password. Check it and try again.',
  not_found: 'Not found. Check the name, and that it is near and on 2.4 GHz.',
  security_mismatch: 'The security does not fit. Check whether it needs a password, and allow WPA2.',
  weak_signal: 'The signal is too weak. Move the device closer.',
  ap_full: 'The router is full. Disconnect another device and try again.',
  ap_comeback: 'The router asked to wait. Try again in a minute.',
  no_address: 'The router gave no address. Restart it and try again.',
  transient: 'The connection broke off. Try again.',
  own_doing: 'The device stopped trying. Try again.',
  interrupted: 'The device restarted. Try again.',
  save_failed: 'It could not be saved. Try again.',
  'persist-failed': 'It could not be saved. Try again.',
  busy: 'The device is busy connecting. Wait 20 seconds and try again.',
  'list-full': 'All 16 places are taken. Remove a network, or reset.',
  'invalid-ssid': 'A network name has 1 to 32 bytes.',
  'pass-too-short': 'Too short: a password has at least 8 characters.',
  'invalid-pass': 'A password has 8 to 63 characters without accents.',
  'session-locked': 'Locked while a session runs.',
  401: 'The device’s password is needed.',
};

const at = {};
for (const node of document.querySelectorAll('[id]')) {
  at[node.id] = node;
  node.hidden = false;
}

let status = {};
let lost;
// What only this page knows: a refusal, or a reset that was done.
let note;
let touched = 0;
// Counts the credentials sent: a status asked for before them says nothing about them.
let sent = 0;
let scanned;
// The result on the screen, and the one the device was told about.
let shown;
let seen;
// The chosen row, until its name is edited.
let chosen;
let confirmed;

async function api(path, body) {
  const answer = await fetch('/api/' + path, body ? {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  } : {signal: AbortSignal.timeout(GET_MS)});
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw {error: answer.status, ...json};
  return json;
}

const quote = (ssid) => '“' + ssid + '”';

// Writes only what differs: every write to a live region is read out.
function write(node, text = '') {
  if (node.textContent != text) node.textContent = text;
}

function show(kind, what, net, why) {
  at.card.className = kind;
  write(at.what, what);
  write(at.net, net);
  write(at.why, why);
}

function link(node, host) {
  const address = host ? 'http://' + host + '/' : '';
  node.href = address;
  write(node, address);
}

function render() {
  const {state, ssid, ip, candidate, apSsid, hostname, mac} = status;
  const connected = state == 'CONNECTED';
  const verdict = candidate ? candidate.verdict : 'ok';
  const trying = verdict == 'trying';
  const station = connected && status.apPassword === null;
  const rejoin = 'join the Wi-Fi ' + quote(apSsid) + ' again';
  if (note && (note.reset || !lost && !trying)) show(...note.show);
  else if (lost) show('bad', 'No answer', '', 'Please ' + rejoin + '. This page goes on by itself.');
  else if (trying) show('wait', 'Connecting…', candidate.ssid, 'Up to 20 seconds. If your phone drops out, ' + rejoin + ': the result is kept.');
  else if (verdict != 'ok') show('bad', 'Could not connect', candidate.ssid, words[verdict] + (connected ? ' Still connected to ' + quote(ssid) + '.' : ''));
  else if (connected) show('ok', 'Connected', ssid, status.internet === false ? 'No internet there.' : station ? '' : 'Saved. Join it, too, and open:');
  else if (state == 'CONNECTING') show('wait', 'Connecting…', ssid);
  else show('', state == 'OFF' ? 'Wi-Fi is off' : 'Not connected', '', 'Choose a network.');
  at.setup.hidden = trying;
  link(at.byip, connected && ip);
  link(at.byname, (connected || trying || lost) && hostname && hostname + '.local');
  write(at.about, hostname + ' · ' + mac);
  at.rescan.disabled = station;
  if (station) write(at.hint, 'To scan, join the device’s own Wi-Fi ' + quote(apSsid) + '. It is up while no known network is, or after a reset.');
  if (!scanned && state && !trying && !station) scan();
}

// The result counts as seen when it was there at two polls: the device may then close the sheet.
function tellSeen() {
  const {candidate, apPassword} = status;
  const result = candidate && candidate.verdict != 'trying' && candidate.ssid + candidate.verdict;
  if (result && result == shown && result != seen && !document.hidden && apPassword !== null) {
    api('seen', {}).then(() => seen = result, () => {});
  }
  shown = result;
}

async function poll() {
  const before = sent;
  try {
    const answer = await api('status' + (Date.now() - touched < TOUCHED_MS ? '?active=1' : ''));
    if (before == sent) {
      status = answer;
      tellSeen();
    }
    lost = false;
  } catch {
    lost = true;
  }
  render();
  setTimeout(poll, POLL_MS);
}

function icon(name, label) {
  const made = document.createElement('i');
  made.className = name;
  made.setAttribute('role', 'img');
  made.setAttribute('aria-label', label);
  return made;
}

function row(network) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  const name = document.createElement('bdi');
  const strength = Math.min(4, Math.max(1, Math.round(network.rssi / 12 + 8)));
  const bars = icon('bars', 'signal ' + strength + ' of 4');
  bars.style.width = strength * 6 + 'px';
  name.textContent = network.ssid;
  button.append(name, network.secure ? icon('lock', 'secured') : '', bars);
  button.onclick = () => {
    chosen = network;
    at.ssid.value = network.ssid;
    at.pass.value = '';
    (network.secure ? at.pass : at.connect).focus();
  };
  item.append(button);
  return item;
}

async function scan() {
  scanned = true;
  write(at.hint, 'Scanning…');
  try {
    const networks = await api('scan');
    at.list.replaceChildren(...networks.map(row));
    write(at.hint, networks.length + ' found');
  } catch (problem) {
    write(at.hint, words[problem.error] || 'Scan failed.');
  }
}

// A name that the field cannot carry unharmed goes by its bytes.
function credentials() {
  const ssid = at.ssid.value;
  const pass = at.pass.value;
  return chosen && (chosen.ssid != ssid || /\ufffd/.test(ssid)) ? {ssid_hex: chosen.ssid_hex, pass} : {ssid, pass};
}

function refuse(problem) {
  const {error, detail} = problem;
  lost = !error;
  note = error && {show: ['bad', 'Not done', '', words[error] || detail || error]};
  (/ssid/.test(error) ? at.ssid : /pass/.test(error) ? at.pass : at.card).focus();
  render();
}

function confirm(question, yes, action) {
  write(at.ask, question);
  write(at.yes, yes);
  confirmed = () => {
    at.card.focus();
    action().then(render, refuse);
  };
  at.dialog.returnValue = '';
  at.dialog.showModal();
}

async function connect() {
  note = 0;
  await api('wifi', credentials());
  sent++;
  seen = 0;
  status.candidate = {ssid: at.ssid.value, verdict: 'trying'};
}

async function reset() {
  const {apSsid, apPassword} = await api('reset', {});
  note = {reset: true, show: ['ok', 'Reset done', apSsid, 'Join this Wi-Fi' + (apPassword ? ', password ' + apPassword : '') + '.']};
}

onpointerdown = onkeydown = oninput = () => touched = Date.now();
at.rescan.onclick = scan;
at.ssid.oninput = () => chosen = 0;
at.show.onclick = () => {
  const hidden = at.pass.type == 'password';
  at.pass.type = hidden ? 'text' : 'password';
  write(at.show, hidden ? 'Hide' : 'Show');
};
at.reset.onclick = () => confirm('Forget all networks and go back to the device’s own Wi-Fi?', 'Reset', reset);
at.dialog.onclose = () => at.dialog.returnValue && confirmed();
// The page says what is wrong in its own words, not in a bubble that fades.
at.form.noValidate = true;
at.form.onsubmit = (event) => {
  const ssid = at.ssid.value;
  const pass = at.pass.value;
  event.preventDefault();
  if (!ssid) refuse({error: 'invalid-ssid'});
  else if (pass.length < 8 && (pass || chosen && chosen.secure)) refuse({error: 'pass-too-short'});
  else confirm('Connect to ' + quote(ssid) + '?', 'Connect', connect);
};
poll();
