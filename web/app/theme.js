// Light or dark, before anything is painted. No module, because modules wait.
(() => {
  const kept = localStorage.getItem('parlour.theme');
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
})();
