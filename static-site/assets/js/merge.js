// The swap style "merge": what comes is put into a list by id and by place, and what is there stays.
//
// An element that is in the list already is replaced only if it came differently, so focus and
// selection are not lost to a refresh. A new one goes where its data-key says. An ".older" element
// stands where something was not loaded: it is kept only where that is so.

const rowsOf = list => [...list.children].filter(child => child.dataset.key && !child.matches('.older'));
const keyOf = element => element.dataset.key;

let clicked = null;

htmx.registerExtension('merge', {
  htmx_before_swap(element) {
    clicked = element.closest?.('.older') ?? null;
  },
  handle_swap(style, list, fragment) {
    if (style !== 'merge') return false;
    merge(list, [...fragment.children]);
    return true;
  },
});

function merge(list, came) {
  const older = came.find(element => element.matches('.older'));
  const rows = came.filter(element => element !== older && keyOf(element));
  const empty = came.find(element => element.matches('.empty'));
  if (empty && !rowsOf(list).length) return list.replaceChildren(empty);

  clicked?.remove();
  clicked = null;
  const overlaps = rows.some(row => document.getElementById(row.id));
  const lowest = older ? keyOf(older) : '';
  const highest = rows.map(keyOf).sort().at(-1) ?? '';
  for (const stale of list.querySelectorAll(':scope > .older')) {
    if (lowest <= keyOf(stale) && keyOf(stale) <= highest) stale.remove();
  }
  const beyond = rowsOf(list).some(row => keyOf(row) < lowest);
  if (rows.length) list.querySelector(':scope > .empty')?.remove();
  for (const row of rows) place(list, row);
  if (older && !(beyond && overlaps)) {
    // Something is between what came and what was there: it is fetched without being asked for.
    if (beyond) older.querySelector('button').setAttribute('hx-trigger', 'load');
    place(list, older);
  }
  const most = Number(list.dataset.most);
  if (most) {
    rowsOf(list).slice(most).forEach(row => row.remove());
    list.querySelectorAll(':scope > .older').forEach(row => row.remove());
  }
}

function place(list, row) {
  const came = row.outerHTML;
  const there = document.getElementById(row.id);
  if (there?.came === came) return;
  row.came = came;
  if (there && keyOf(there) === keyOf(row)) return there.replaceWith(row);
  there?.remove();
  const newestFirst = list.dataset.merge === 'newest-first';
  const next = [...list.children].find(child => {
    if (!keyOf(child)) return false;
    return newestFirst ? keyOf(child) < keyOf(row) : keyOf(child) > keyOf(row);
  });
  list.insertBefore(row, next ?? null);
}
