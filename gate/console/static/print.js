// Prints the page it is on.
"use strict";

document.getElementById("print").addEventListener("click", () => print());
