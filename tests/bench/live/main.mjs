// What is measured, one after the other, each on a stack of its own that ends with it.
import {parseArgs} from 'node:util';
import {crowd} from './crowd.mjs';
import {load} from './load.mjs';
import {screen} from './screen.mjs';
import {soak} from './soak.mjs';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    texts: {type: 'string', default: '300'},
    connections: {type: 'string', default: '200'},
    minutes: {type: 'string', default: '15'},
  },
});
const wanted = positionals.length ? positionals : ['screen', 'crowd', 'soak'];
const numbers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
const parts = {screen, crowd, soak, load};

let met = true;
for (const part of wanted) {
  if (!parts[part]) throw new Error(`there is no ${part}: screen, crowd, soak, load`);
  met = await parts[part](numbers) && met;
}
process.exitCode = met ? 0 : 1;
