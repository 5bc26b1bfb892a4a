"use strict";
const field = document.getElementById("search");
const told = document.getElementById("found");
const all = Array.from(document.querySelectorAll("article"));
const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
function narrow() {
  const words = fold(field.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of all) {
    one.hidden = !words.every((word) => fold(one.dataset.words).includes(word));
    shown += one.hidden ? 0 : 1;
  }
  told.textContent = `${shown} of ${all.length} KPIs`;
}
field.addEventListener("input", narrow);
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
narrow();
