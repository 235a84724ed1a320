// Sorts and filters the leaderboard, and opens what is folded where a link or the printer needs it. The page is whole
// without it.
const all = selector => [...document.querySelectorAll(selector)];
all("table.sortable").forEach(table => {
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
all(".filter").forEach(filter => {
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
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let place = target; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
const folds = all("details.fold");
all("button.all").forEach(button => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = folds.some(fold => !fold.open);
    folds.forEach(fold => fold.open = open);
    button.textContent = open ? "Close all sections" : "Open all sections";
  });
});
let shut = [];
addEventListener("beforeprint", () => { shut = folds.filter(fold => !fold.open); shut.forEach(fold => fold.open = true); });
addEventListener("afterprint", () => shut.forEach(fold => fold.open = false));
