// Search, sorting and a filter by severity for tables, names for their cells where the page is narrow, a finding
// that opens when it is linked to, and all folds open on paper. The page is whole without it. It writes text and
// attributes only, never markup.
(() => {
  'use strict';
  const make = (name, more) => Object.assign(document.createElement(name), more);
  const LEVELS = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
  const textOf = (row, column) => {
    const text = row.cells[column] ? row.cells[column].textContent.trim() : '';
    return LEVELS.includes(text) ? String(LEVELS.indexOf(text)) : text;
  };
  const severitiesOf = (row) =>
    [...row.querySelectorAll('.ids .tag')].map((tag) => tag.textContent);
  const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const sortBy = (table, column, head) => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [textOf(row, column), row]);
    rows.sort((a, b) => (down ? -1 : 1) * order.compare(a[0], b[0]));
    body.append(...rows.map((pair) => pair[1]));
  };
  for (const table of document.querySelectorAll('table[data-table]')) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make('button', { type: 'button', textContent: head.textContent });
      button.addEventListener('click', () => sortBy(table, column, head));
      head.replaceChildren(button);
    });
    const rows = [...table.tBodies[0].rows];
    const levelsOf = rows.map(severitiesOf);
    const severities = LEVELS.filter((one) => levelsOf.some((levels) => levels.includes(one)));
    if (rows.length < 8 && severities.length < 2) continue;
    const label = make('label', {
      className: 'search',
      textContent: 'Find in ' + table.dataset.table + ' ',
    });
    const field = make('input', { type: 'search', autocomplete: 'off', spellcheck: false });
    const count = make('output', { textContent: '' });
    label.append(field);
    label.append(count);
    const texts = rows.map((row) => row.textContent.toLowerCase());
    let waiting;
    let chosen = '';
    const search = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        row.hidden =
          !words.every((word) => texts[index].includes(word)) ||
          (chosen !== '' && !levelsOf[index].includes(chosen));
        if (!row.hidden) shown += 1;
      });
      count.textContent = words.length || chosen ? ' ' + shown + ' of ' + rows.length : '';
    };
    field.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 80);
    });
    table.parentElement.before(label);
    if (severities.length < 2) continue;
    const filter = make('div', { className: 'filter', role: 'group', ariaLabel: 'Severity' });
    for (const level of ['', ...severities]) {
      const button = make('button', {
        type: 'button',
        textContent: level || 'all',
        ariaPressed: String(level === chosen),
      });
      button.addEventListener('click', () => {
        chosen = level;
        for (const other of filter.children) other.ariaPressed = String(other === button);
        search();
      });
      filter.append(button);
    }
    label.before(filter);
  }
  const narrow = matchMedia('(max-width:46rem)');
  const name = () => {
    if (!narrow.matches) return;
    for (const table of document.querySelectorAll('table.data')) {
      const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
      for (const row of table.tBodies[0].rows)
        [...row.cells].forEach((cell, index) => {
          cell.dataset.name = heads[index];
        });
    }
  };
  narrow.addEventListener('change', name);
  name();
  const openTarget = () => {
    let at =
      location.hash.length > 1 &&
      document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (at && at.tagName === 'DETAILS') at.open = true;
    for (; at; at = at.parentElement)
      if (at.tagName === 'DETAILS' && !at.classList.contains('finding')) at.open = true;
  };
  addEventListener('hashchange', openTarget);
  // A second click on the same link changes no address.
  addEventListener('click', (event) => {
    if (event.target.closest('a[href^="#"]')) setTimeout(openTarget);
  });
  openTarget();
  addEventListener('beforeprint', () => {
    for (const fold of document.querySelectorAll('details:not([open]):not(.table)')) {
      fold.dataset.folded = '';
      fold.open = true;
    }
  });
  addEventListener('afterprint', () => {
    for (const fold of document.querySelectorAll('details[data-folded]')) {
      delete fold.dataset.folded;
      fold.open = false;
    }
  });
})();
