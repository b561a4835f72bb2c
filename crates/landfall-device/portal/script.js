// The portal's page: reads the status, shows the networks, sends what the user chose, and tells how
// it went. SSIDs are hostile text: they reach the page by textContent and value alone. Nothing here
// gives up: the phone may leave the access point while the device tries a network, and come back.

const POLL_MS = 2000;
// A page touched this lately asks the device not to leave for another network just now.
const TOUCHED_MS = 60000;
// Time to read a result.
const SEEN_MS = 1000;
// Then a GET counts as lost; a scan may take 5 s. A POST waits while the browser asks who it is.
const GET_MS = 9000;

// Every verdict of the device and every refusal of its API: what is wrong, what to do next.
const words = {
  wrong_password: 'Wrong password. Check it and try again.',
  not_found: 'Not found. Check its name, and that it is near and on 2.4 GHz.',
  security_mismatch: 'Its security does not fit. Check its password and allow WPA2.',
  weak_signal: 'The signal is too weak. Move closer and try again.',
  ap_full: 'The router is full. Disconnect a device and try again.',
  ap_comeback: 'The router is busy. Wait a minute and try again.',
  no_address: 'The router gave no address. Restart it and try again.',
  transient: 'The connection broke. Try again.',
  own_doing: 'The device stopped. Try again.',
  interrupted: 'The device restarted. Try again.',
  save_failed: 'The device could not save it. Try again.',
  'persist-failed': 'The device could not save it. Try again.',
  busy: 'The device is busy. Wait 20 seconds and try again.',
  'list-full': 'The device knows 16 networks. Remove one, or reset.',
  'invalid-ssid': 'A name has 1 to 32 bytes.',
  'pass-too-short': 'A password has at least 8 characters.',
  'invalid-pass': 'A password has 8 to 63 characters without accents.',
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
// Scans that are asked for without a word of the user: until one shows something, each at a poll.
let scans = 9;
// The result the device was told about.
let seen;
// The chosen row, until its name is edited.
let chosen;

const api = async (path, body) => {
  const answer = await fetch('/api/' + path, body ? {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  } : {signal: AbortSignal.timeout?.(GET_MS)});
  const json = await answer.json().catch(() => 0);
  if (!answer.ok) throw json;
  return json;
};

// Writes only what differs: every write to a live region is read out.
const write = (node, text) => {
  if (node.textContent != text) node.textContent = text;
};

const show = (kind, what, net, why) => {
  at.card.className = kind;
  write(at.what, what);
  write(at.net, net);
  write(at.why, why);
};

const link = (node, host) => write(node, node.href = host ? 'http://' + host + '/' : '');

const render = () => {
  const {state, ssid, ip, candidate, apSsid = '…', hostname} = status;
  const connected = state == 'CONNECTED';
  const verdict = candidate ? candidate.verdict : 'ok';
  const trying = verdict == 'trying';
  const station = connected && status.apPassword === null;
  const own = 'the Wi-Fi “' + apSsid + '”';
  // A refusal is no news any more once the device has gone on; the words of a reset stay.
  if (trying || note && note.at && note.at != state) note = 0;
  const done = note && !note.at;
  if (done || note && !lost) {
    show(...note.show);
  } else if (lost) {
    show('bad', 'No answer', '', 'Join ' + own + ' again. This page goes on by itself.');
  } else if (trying) {
    show('wait', 'Connecting…', candidate.ssid,
      'Wait 20 seconds. If your phone drops out, join ' + own + ' again: the result is kept.');
  } else if (verdict != 'ok') {
    show('bad', 'Could not connect', candidate.ssid,
      words[verdict] + (connected ? ' Still connected to “' + ssid + '”.' : ''));
  } else if (connected) {
    show('ok', 'Connected', ssid, status.internet === false ? 'No internet there.'
      : station ? '' : 'Saved. Join this network and open:');
  } else if (state == 'CONNECTING') {
    show('wait', 'Connecting…', ssid, '');
  } else {
    show('', 'Not connected', '', 'Choose a network.');
  }
  at.form.hidden = at.reset.hidden = trying;
  at.rescan.disabled = station;
  link(at.byip, connected && !done && ip);
  link(at.byname, (connected || trying || lost) && !done && hostname && hostname + '.local');
  if (state) write(at.about, hostname + ' · ' + status.mac);
  if (station) {
    write(at.hint,
      'To scan, join ' + own + '. It is up without a known network, and after a reset.');
  } else if (scans > 0 && !trying && state) {
    scan();
  }
};

const poll = async () => {
  const before = sent;
  try {
    const answer = await api('status' + (Date.now() - touched < TOUCHED_MS ? '?active=1' : ''));
    lost = false;
    if (before == sent) {
      status = answer;
      tellSeen(answer.candidate);
    }
  } catch {
    lost = true;
  }
  render();
  setTimeout(poll, POLL_MS);
};

// A result counts as seen when it was there for a moment: the phone may then close the sheet.
const tellSeen = (candidate) => {
  const result = candidate && candidate.verdict != 'trying' && candidate.ssid + candidate.verdict;
  if (result && result != seen && !document.hidden) {
    seen = result;
    setTimeout(() => api('seen', {}).catch(({error}) => error || (seen = 0)), SEEN_MS);
  }
};

const row = (network) => {
  const item = at.row.content.cloneNode(true);
  const [, button, name, lock, bars] = item.querySelectorAll('*');
  const strength = 4 - (network.rssi < -55) - (network.rssi < -67) - (network.rssi < -80);
  name.textContent = network.ssid;
  lock.hidden = !network.secure;
  bars.style.setProperty('--n', strength);
  bars.setAttribute('aria-label', 'signal ' + strength + ' of 4');
  button.onclick = () => {
    chosen = network;
    at.ssid.value = network.ssid;
    at.pass.value = '';
    (network.secure ? at.pass : at.connect).focus();
  };
  return item;
};

const scan = async () => {
  const left = scans - 1;
  scans = 0;
  write(at.hint, 'Scanning…');
  try {
    const networks = await api('scan');
    at.list.replaceChildren(...networks.map(row));
    write(at.hint, networks.length + ' found');
  } catch {
    write(at.hint, 'Scan failed.');
  }
  if (!at.list.firstChild) scans = left;
};

// A name that the field cannot carry unharmed goes by its bytes.
const connect = async () => {
  const ssid = at.ssid.value;
  const pass = at.pass.value;
  const harmed = chosen && (chosen.ssid != ssid || /\ufffd/.test(ssid));
  await api('wifi', harmed ? {ssid_hex: chosen.ssid_hex, pass} : {ssid, pass});
  sent++;
  seen = note = 0;
  status.candidate = {ssid, verdict: 'trying'};
};

const reset = async () => {
  const {apSsid, apPassword} = await api('reset', {});
  const secret = apPassword ? ', password ' + apPassword : '';
  note = {show: ['ok', 'Reset done', apSsid, 'Join this Wi-Fi' + secret + '.']};
};

const refuse = ({error, detail}) => {
  lost = !error;
  const why = words[error] || detail;
  note = error && {at: status.state, show: ['bad', 'Not done', '', why]};
  (/ssid/.test(error) ? at.ssid : /pass/.test(error) ? at.pass : at.card).focus();
  render();
};

const ask = (question, yes, action) => {
  write(at.ask, question);
  write(at.yes, yes);
  at.yes.onclick = () => action().then(() => {
    at.card.focus();
    render();
  }, refuse);
  at.dialog.showModal();
};

onpointerdown = onkeydown = oninput = () => touched = Date.now();
at.rescan.onclick = scan;
at.ssid.oninput = () => chosen = 0;
at.show.onclick = () => {
  const hidden = at.pass.type == 'password';
  at.pass.type = hidden ? 'text' : 'password';
  write(at.show, hidden ? 'Hide' : 'Show');
};
at.reset.onclick = () => ask('Forget all networks?', 'Reset', reset);
at.form.onsubmit = (event) => {
  event.preventDefault();
  ask('Connect to “' + at.ssid.value + '”?', 'Connect', connect);
};
poll();
