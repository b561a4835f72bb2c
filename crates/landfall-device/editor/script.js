// The config server's page: the whole configuration as text, looked at while it is typed, and what
// became of it once it was sent. Nothing of it is ever taken for markup.

// Time after a key before the text is looked at: what is read out should not stutter.
const CALM_MS = 300;
// The device restarts its network half a second after its answer. Asking it again confirms what was saved.
const AGAIN_MS = 2500;
// Then a request counts as lost.
const GET_MS = 5000;
// Least time for a configuration to be confirmed in.
const WINDOW_MS = 60000;

const at = {};
for (const node of document.querySelectorAll('[id]')) at[node.id] = node;

// The configuration as the device told it last.
let stored = '';
// Where the text is wrong.
let wrong;
let timer;
// Counts what was saved: the wait for an earlier one ends.
let saves = 0;

// Writes only what differs: every write to a live region is read out.
const write = (node, text) => {
  if (node.textContent != text) node.textContent = text;
};

const show = (kind, what, why) => {
  at.card.hidden = false;
  at.card.className = kind;
  write(at.what, what);
  write(at.why, why);
};

// Finds the first place where a text is no JSON: {at, why}, or nothing. Browsers tell that each in
// its own words, and some not at all.
const find = (text) => {
  let i = 0;
  const fail = (why) => {
    throw {at: i, why};
  };
  const space = () => {
    while (i < text.length && '\u0020\t\r\n'.includes(text[i])) i++;
  };
  const string = () => {
    if (text[i] != '\u0022') fail('expected a name or text in double quotes');
    for (i++; text[i] != '\u0022'; i++) {
      if (!(text[i] >= '\u0020')) fail('expected the closing double quote');
      if (text[i] == '\\') {
        i++;
        if (text[i] == 'u' && /^[\da-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) i += 4;
        else if (!'\u0022\\/bfnrt'.includes(text[i] || 0)) fail('no such escape');
      }
    }
    i++;
  };
  const list = (close, item) => {
    i++;
    space();
    if (text[i] == close) return i++;
    for (;;) {
      space();
      item();
      space();
      if (text[i] == close) return i++;
      if (text[i] != ',') fail('expected , or ' + close);
      i++;
    }
  };
  const member = () => {
    string();
    space();
    if (text[i] != ':') fail('expected :');
    i++;
    value();
  };
  const value = () => {
    space();
    if (text[i] == '{') return list('}', member);
    if (text[i] == '[') return list(']', value);
    if (text[i] == '\u0022') return string();
    const word = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)(?![\w.])/.exec(text.slice(i));
    if (!word) fail('expected a value');
    i += word[0].length;
  };
  try {
    value();
    space();
    if (i < text.length) fail('expected nothing more');
  } catch (problem) {
    return problem;
  }
};

const check = () => {
  const text = at.text.value;
  wrong = find(text);
  at.jump.hidden = !wrong;
  at.text.setAttribute('aria-invalid', !!wrong);
  if (wrong) {
    const lines = text.slice(0, wrong.at).split('\n');
    const column = [...lines.at(-1)].length + 1;
    write(at.problem, 'Line ' + lines.length + ', column ' + column + ': ' + wrong.why + '.');
  } else {
    write(at.problem, 'Valid JSON.');
  }
  return !wrong;
};

const jump = () => {
  at.text.focus();
  at.text.setSelectionRange(wrong.at, wrong.at + 1);
};

const ask = async (path, body) => {
  const options = {signal: AbortSignal.timeout?.(body ? WINDOW_MS : GET_MS)};
  if (body) {
    options.method = 'POST';
    options.headers = {'Content-Type': 'application/json'};
    options.body = body;
  }
  const answer = await fetch(path, options);
  const text = await answer.text();
  if (!answer.ok) throw {refused: text};
  return text;
};

const fail = (what) => ({refused}) => {
  show('bad', what, refused || 'No answer. Is the device in reach?');
  at.card.focus();
};

const load = async () => {
  const text = await ask('/config');
  stored = text;
  at.text.value = JSON.stringify(JSON.parse(text), null, 2) + '\n';
  check();
};

const reload = () => {
  saves++;
  return load().then(() => show('ok', 'Loaded', 'This is the configuration in force.'), fail('Not loaded'));
};

// The text as it is to be sent; nothing where it is no JSON.
const sound = () => {
  if (check()) return at.text.value;
  show('bad', 'Not valid JSON', at.problem.textContent);
  jump();
};

const validate = async () => {
  const text = sound();
  if (!text) return;
  try {
    show('ok', 'Valid', await ask('/config?validate=1', text));
  } catch (problem) {
    fail('Not valid')(problem);
  }
};

const windowOf = (text) => {
  const {station} = JSON.parse(text);
  return Math.max(WINDOW_MS, station && station.fallback_deadline_ms || 0);
};

const save = async () => {
  const text = sound();
  if (!text) return;
  at.save.disabled = true;
  try {
    await ask('/config', text);
    const before = stored;
    saves++;
    show('wait', 'Saved', 'The network restarts with it. Looking for the device…');
    at.card.focus();
    setTimeout(follow, AGAIN_MS, saves, before, Date.now() + windowOf(text));
  } catch (problem) {
    fail('Not saved')(problem);
  }
  at.save.disabled = false;
};

// Asks until the device answers: that confirms what was saved, or shows that it came back.
const follow = async (mine, before, until) => {
  if (mine != saves) return;
  const late = Date.now() > until;
  try {
    await load();
    // One that changed secrets alone looks like the one before.
    if (stored != before) {
      show('ok', 'In force', 'The device was reached with it, so it stays.');
    } else if (late) {
      show('bad', 'The configuration before is back', 'Nobody reached the device with the new one in time.');
    } else {
      show('ok', 'The device answers', 'The configuration in force is the one shown here.');
    }
  } catch ({refused}) {
    if (refused) {
      show('wait', 'The device answers', 'It says: ' + refused + '. Load this page again.');
      return;
    }
    const seconds = Math.ceil((until - Date.now()) / 1000);
    show('wait', 'No answer yet', late
      ? 'The configuration before should be back by now. Join its network again: this page goes on by itself.'
      : 'If the device has another address now, open it there within ' + seconds
        + ' seconds. Otherwise the configuration before comes back.');
    setTimeout(follow, AGAIN_MS, mine, before, until);
  }
};

at.text.oninput = () => {
  clearTimeout(timer);
  timer = setTimeout(check, CALM_MS);
};
at.jump.onclick = jump;
at.reload.onclick = reload;
at.validate.onclick = validate;
at.save.onclick = save;
load().catch(fail('Not loaded'));
