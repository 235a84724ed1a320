// Sorts and filters the leaderboard, and opens what is folded where a link or the printer needs it. The page is whole
// without it. A live page also asks its server for what is new.
const all = selector => [...document.querySelectorAll(selector)];
const folds = () => all("details.fold");
const ready = new WeakSet();
const fresh = selector => all(selector).filter(part => !ready.has(part) && ready.add(part));
const setUp = () => {
  fresh("table.sortable").forEach(table => {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const rows = [...body.rows].sort((a, b) => {
        const x = key(a), y = key(b), p = parseFloat(x), q = parseFloat(y);
        if (column !== 1 && (isNaN(p) || isNaN(q))) return isNaN(p) - isNaN(q);
        return sign * (column === 1 ? x.localeCompare(y) : p - q);
      });
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      body.append(...rows);
    }));
  });
  fresh(".filter").forEach(filter => {
    const input = filter.querySelector("input"), status = filter.querySelector("[role=status]");
    const rows = all("table.sortable tbody tr");
    filter.hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      // The ensemble stays: it is what the others are compared with.
      rows.forEach(row => row.hidden = !row.classList.contains("ensemble") && !row.cells[1].textContent.toLowerCase().includes(wanted));
      status.textContent = wanted ? `${rows.filter(row => !row.hidden).length} of ${rows.length}` : "";
    });
  });
  fresh("button.all").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = folds().some(fold => !fold.open);
      folds().forEach(fold => fold.open = open);
      button.textContent = open ? "Close all sections" : "Open all sections";
    });
  });
};
setUp();
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let place = target; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
let shut = [];
addEventListener("beforeprint", () => { shut = folds().filter(fold => !fold.open); shut.forEach(fold => fold.open = true); });
addEventListener("afterprint", () => shut.forEach(fold => fold.open = false));
let wait = Number(document.documentElement.dataset.live ?? 0);
const seen = {};
const reached = () => all("a, button, input, summary, [tabindex]");
const ask = async () => {
  try {
    const text = await (await fetch(location.pathname, { cache: "no-store" })).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const opened = all("details").map(fold => fold.open), focus = reached().indexOf(document.activeElement);
    for (const part of ["header.top", "main"]) {
      const young = page.querySelector(part), told = young.innerHTML;
      // Who types is not disturbed, and nothing is drawn anew that is as it was.
      if (told === seen[part] || document.activeElement?.tagName === "INPUT") continue;
      seen[part] = told;
      document.querySelector(part).replaceWith(young);
    }
    all("details").forEach((fold, i) => { if (i < opened.length) fold.open = opened[i]; });
    setUp();
    if (focus >= 0 && document.activeElement === document.body) reached()[focus]?.focus({ preventScroll: true });
    document.title = page.title;
    wait = Number(page.documentElement.dataset.live ?? 0);
  } catch { document.title = "No answer: is the program still there?"; }
  if (wait) setTimeout(ask, 1000 * wait);
};
if (wait) setTimeout(ask, 1000 * wait);
