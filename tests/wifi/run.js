// Plays scenarios, one after another: inside of the machine that `cargo xtask wifi-lab` started.
//
//   run.js --list FOLDER     what a folder of scenarios has, as JSON; anywhere
//   run.js ORDER             plays what the order names; as root, and radios and processes are its own
//
// A scenario is a file whose default export is `{title, quick, limit_s, run(lab)}`. What it came to
// is a line `@lab {…}`, everything else that is printed is its log.

import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [word, folder] = process.argv.slice(2);
if (word == '--list') {
  console.log(JSON.stringify(await list(folder)));
} else {
  await play(JSON.parse(readFileSync(word)));
}
// A socket or a child that a failed scenario left would keep us.
process.exit();

async function load(folder, name) {
  const file = path.resolve(folder, name + '.js');
  return {name, ...(await import(pathToFileURL(file))).default};
}

async function list(folder) {
  const names = readdirSync(folder).filter((file) => file.endsWith('.js')).sort();
  const scenarios = await Promise.all(names.map((file) => load(folder, path.basename(file, '.js'))));
  return scenarios.map(({name, title, quick = false, limit_s}) => ({name, title, quick, limit_s}));
}

async function play(order) {
  const {Air} = await import('./lib/air.js');
  const {Lab} = await import('./lib/lab.js');
  console.log(`the machine is up after ${readFileSync('/proc/uptime', 'utf8').split(' ')[0]} s`);
  const air = await Air.make(order.radios);
  for (const name of order.scenarios) {
    const scenario = await load(order.folder, name);
    console.log(`--- ${name}: ${scenario.title}`);
    const outcome = await new Lab(name, air, order).play(scenario);
    console.log('@lab ' + JSON.stringify(outcome));
  }
}
