'use strict';
const svg = document.querySelector('#view svg');
const details = document.getElementById('details');
const all = (selector) => [...document.querySelectorAll(selector)];
const edgeOf = (element) => graph.edges.filter((e) => e.from === +element.dataset.from && e.to === +element.dataset.to);
let chosen = null;

// The view: a rectangle of the picture, moved and scaled.
const box = svg.viewBox.baseVal;
svg.addEventListener('wheel', (event) => {
  event.preventDefault();
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const scale = event.deltaY > 0 ? 1.15 : 1 / 1.15;
  box.x = point.x - (point.x - box.x) * scale; box.y = point.y - (point.y - box.y) * scale;
  box.width *= scale; box.height *= scale;
}, { passive: false });
// All of it, unless that is too small to read; a double click shows all.
const whole = { x: 0, y: 0, width: box.width, height: box.height };
function view({ x, y, width, height }) { box.x = x; box.y = y; box.width = width; box.height = height; }
const readable = { width: 1.5 * svg.clientWidth, height: 1.5 * svg.clientHeight };
if (whole.width > readable.width || whole.height > readable.height) view({ x: 0, y: 0, ...readable });
// A small one is not blown up.
const nearest = { width: svg.clientWidth / 1.4, height: svg.clientHeight / 1.4 };
if (whole.width < nearest.width && whole.height < nearest.height) {
  view({ x: (whole.width - nearest.width) / 2, y: (whole.height - nearest.height) / 2, ...nearest });
}
svg.addEventListener('dblclick', () => view(whole));
let moved = false;
svg.addEventListener('pointerdown', () => { moved = false; });
svg.addEventListener('pointermove', (event) => {
  if (event.buttons !== 1) return;
  moved = moved || Math.abs(event.movementX) + Math.abs(event.movementY) > 2;
  const scale = 1 / svg.getScreenCTM().a;
  box.x -= event.movementX * scale; box.y -= event.movementY * scale;
});

function line(parent, tag, text, kind) {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text;
  if (kind) element.className = kind;
}

function describe(at) {
  details.replaceChildren();
  if (at === null) return;
  const node = graph.nodes[at];
  line(details, 'h2', node.name);
  node.details.forEach((text) => line(details, 'div', text));
  node.breaks.forEach((text) => line(details, 'div', text, 'wrong'));
  for (const [title, here, there] of [['calls', 'from', 'to'], ['is called by', 'to', 'from']]) {
    const edges = graph.edges.filter((edge) => edge[here] === at);
    if (edges.length) line(details, 'h2', title);
    for (const edge of edges) {
      line(details, 'div', `${graph.nodes[edge[there]].name}: ${edge.details.join(', ')}`);
      edge.breaks.forEach((text) => line(details, 'div', text, 'wrong'));
    }
  }
}

// What is neither chosen nor next to it fades; what has no interface that is shown is hidden.
function show() {
  const shown = new Set(all('#interfaces input:checked').map((input) => input.value));
  const near = new Set(chosen === null ? [] : [chosen]);
  for (const edge of graph.edges) {
    if (edge.from === chosen) near.add(edge.to);
    if (edge.to === chosen) near.add(edge.from);
  }
  for (const element of all('[data-from]')) {
    const touches = chosen === null || +element.dataset.from === chosen || +element.dataset.to === chosen;
    element.classList.toggle('faded', !touches);
    element.classList.toggle('hidden', !edgeOf(element).some((edge) => edge.interfaces.some((name) => shown.has(name))));
  }
  for (const element of all('[data-node]')) {
    element.classList.toggle('faded', chosen !== null && !near.has(+element.dataset.node));
  }
  describe(chosen);
}

function choose(at) {
  chosen = at;
  show();
}

svg.addEventListener('click', (event) => {
  if (moved) return;
  const group = event.target.closest('[data-node]');
  choose(group && chosen !== +group.dataset.node ? +group.dataset.node : null);
});
document.getElementById('interfaces').addEventListener('change', show);
document.getElementById('find').addEventListener('input', (event) => {
  const text = event.target.value.trim();
  const found = graph.nodes.map((node) => text !== '' && node.name.includes(text));
  all('[data-node]').forEach((element) => element.classList.toggle('found', found[+element.dataset.node]));
  choose(found.filter(Boolean).length === 1 ? found.indexOf(true) : null);
});
// A page can be opened at a component: graph.html#ping
const named = graph.nodes.findIndex((node) => node.name === decodeURIComponent(location.hash.slice(1)));
choose(named < 0 ? null : named);
