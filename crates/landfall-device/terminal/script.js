'use strict';
// The terminal: text messages are the console, binary ones carry a file. One file at a time.

const at = (id) => document.getElementById(id);
const CHUNK = 1024;
const OUT_MAX = 65536;
const WHY = {2: 'there is no such file', 13: 'it can only be read', 16: 'it is busy', 22: 'the device refused it', 27: 'it is too long'};
let socket;
let inside;
let wait;
const past = [];
let back = 0;

const say = (text) => at('state').textContent = text;

function show(on) {
  inside = on;
  at('inside').hidden = !on;
  at('login').hidden = on;
  at(on ? 'line' : 'pass').focus();
}

function print(text) {
  const out = at('out');
  out.textContent = (out.textContent + text.replace(/\r/g, '')).slice(-OUT_MAX);
  out.scrollTop = out.scrollHeight;
}

function connect(password) {
  say('Connecting…');
  inside = false;
  socket = new WebSocket('ws://' + location.host + '/');
  socket.binaryType = 'arraybuffer';
  let heard = '';
  socket.onmessage = (message) => {
    if (typeof message.data != 'string') {
      wait?.(new Uint8Array(message.data));
    } else if (inside) {
      print(message.data);
    } else {
      heard += message.data;
      if (heard == 'Password: ') socket.send(password + '\r');
      if (heard.includes('connected')) {
        say('Connected.');
        show(true);
        print('>>> ');
      }
    }
  };
  socket.onclose = () => {
    wait?.();
    say(inside ? 'Disconnected. Log in again.'
      : heard.includes('denied') ? 'Wrong password.'
      : 'No connection: another client is here, or too many wrong passwords came. Wait a minute.');
    show(false);
  };
}

const binary = () => new Promise((done, failed) => wait = (bytes) => {
  wait = null;
  bytes ? done(bytes) : failed('the connection ended');
});

async function ask(bytes) {
  const answer = binary();
  socket.send(bytes);
  return answer;
}

// Throws what is wrong with an answer, `WB` and a status.
function check(answer) {
  const status = answer[2] | answer[3] << 8;
  if (status) throw WHY[status] || 'the device cannot';
}

function request(op, name, size) {
  const bytes = new Uint8Array(82);
  const view = new DataView(bytes.buffer);
  bytes.set([87, 65, op]);
  view.setUint32(12, size, true);
  view.setUint16(16, name.length, true);
  bytes.set(new TextEncoder().encode(name), 18);
  return bytes;
}

async function get(name) {
  check(await ask(request(2, name, 0)));
  const parts = [];
  for (;;) {
    const part = await ask(new Uint8Array(1));
    if (part.length < 3) break;
    parts.push(...part.subarray(2));
  }
  check(await binary());
  const text = new TextDecoder().decode(new Uint8Array(parts));
  at('content').value = JSON.stringify(JSON.parse(text), null, 2);
  return 'Got ' + name + '.';
}

async function put(name) {
  const bytes = new TextEncoder().encode(at('content').value);
  let answer = await ask(request(1, name, bytes.length));
  if (bytes.length) {
    check(answer);
    answer = binary();
    for (let from = 0; from < bytes.length; from += CHUNK) socket.send(bytes.subarray(from, from + CHUNK));
    answer = await answer;
  }
  check(answer);
  return 'Saved ' + name + '.';
}

async function file(work) {
  const name = at('file').value;
  at('get').disabled = at('put').disabled = true;
  at('said').textContent = '';
  try {
    at('said').textContent = await work(name);
  } catch (error) {
    at('said').textContent = name + ': ' + error + '. The console says more.';
  }
  at('get').disabled = at('put').disabled = false;
}

at('get').onclick = () => file(get);
at('put').onclick = () => file(put);

at('login').onsubmit = (event) => {
  event.preventDefault();
  connect(at('pass').value);
  at('pass').value = '';
};

at('typing').onsubmit = (event) => {
  event.preventDefault();
  const line = at('line').value;
  socket.send(line + '\r');
  if (line) past.push(line);
  back = 0;
  at('line').value = '';
};

at('line').onkeydown = ({key}) => {
  const step = {ArrowUp: 1, ArrowDown: -1}[key];
  if (!step) return;
  back = Math.max(0, Math.min(past.length, back + step));
  at('line').value = back ? past[past.length - back] : '';
};

say('The device’s WebREPL password lets you in.');
show(false);
