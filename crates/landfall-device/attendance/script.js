// The attendance page: says which course this is, sends the student's number and code, and tells in
// words what came of it. What the student typed is kept until it is taken, and sent again by itself
// while the device has no room for it.

const POLL_MS = 5000;
// Before a mark is sent again that the device had no room for, unless it says another time.
const RETRY_MS = 10000;

// Every answer of the device: what it means, and what to do next.
const words = {
  recorded: ['ok', 'You are marked present', 'You may leave this Wi-Fi now, so that others can join.'],
  already_recorded: ['ok', 'You were marked before', 'Nothing more to do. You may leave this Wi-Fi now.'],
  kept: ['ok', 'Kept, and sent later', 'The server does not answer. The device will send your mark; you may leave this Wi-Fi now.'],
  'invalid-matric': ['bad', 'That is no matric number', 'It has 5 to 20 letters, digits, or / . _ -'],
  'wrong-code': ['bad', 'The code is wrong', 'It changes every 30 seconds. Type the one that is shown now.'],
  'not-enrolled': ['bad', 'You are not on the list', 'Check the number. If it is right, tell your lecturer.'],
  'no-active-session': ['bad', 'No session is running', 'Wait for your lecturer to start it.'],
  'persist-failed': ['bad', 'The device could not keep it', 'Try again, and tell your lecturer.'],
  full: ['', 'Many are marking now', 'You are in the queue. Leave this page open: it is sent by itself.'],
  lost: ['bad', 'The device does not answer', 'Stay near and on this Wi-Fi. It is sent again by itself.'],
};

const at = {};
for (const node of document.querySelectorAll('[id]')) at[node.id] = node;

let done;
let timer;

const show = (what) => {
  const [kind, title, text] = words[what] || words.lost;
  at.card.className = kind;
  at.what.textContent = title;
  at.why.textContent = text;
  at.card.hidden = false;
  at.card.focus();
};

const again = (what, after) => {
  show(what);
  timer = setTimeout(send, after);
};

const send = async () => {
  clearTimeout(timer);
  at.send.disabled = true;
  let answer;
  try {
    answer = await fetch('/api/attendance', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({matric: at.matric.value, code: at.code.value}),
    });
  } catch (problem) {
    return again('lost', RETRY_MS);
  }
  if (answer.status == 429) {
    return again('full', (answer.headers.get('Retry-After') || 10) * 1000);
  }
  const json = await answer.json().catch(() => ({}));
  show(json.result || json.error);
  done = answer.ok;
  at.send.disabled = false;
  at.form.hidden = done;
};

const poll = async () => {
  try {
    const session = await (await fetch('/api/session')).json();
    at.course.textContent = session.active ? session.course_code + ' ' + session.course_title : '';
    at.coded.hidden = !session.needs_code;
    at.code.required = session.needs_code;
    at.form.hidden = done || !session.active;
    if (!session.active && !done) show('no-active-session');
    else if (at.what.textContent == words['no-active-session'][1]) at.card.hidden = true;
    at.room.textContent = await (await fetch('/room')).text();
  } catch (problem) {
    at.room.textContent = 'The device is out of reach.';
  }
  setTimeout(poll, POLL_MS);
};

at.form.addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
poll();
