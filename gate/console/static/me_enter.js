// A scanned code stands behind the # of the address: it is typed here, and taken out of the address and its history.
"use strict";

function takeScanned() {
  const scanned = location.hash.slice(1);
  if (!/^\d{12}$/.test(scanned)) return;
  document.getElementById("code").value = scanned.replace(/(\d{4})(?=\d)/g, "$1 ");
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("main form button").focus();
}

addEventListener("hashchange", takeScanned);
takeScanned();
