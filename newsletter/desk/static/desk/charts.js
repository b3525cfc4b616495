// Charts of Unfold's components, coloured by desk.css in the light and the dark, and told anew when their part of the
// page is: the canvas stays, the figures beside it change.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const coloured = (chart) => {
    const words = css("--desk-words"), lines = css("--desk-lines");
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = words;
      axis.grid = { ...axis.grid, color: lines };
      if (axis.title) axis.title.color = words;
    }
    chart.options.plugins.legend.labels = {
      color: words, boxWidth: 28, boxHeight: 2,
      filter: (item, data) => !data.datasets[item.datasetIndex].quiet,
    };
    for (const set of chart.data.datasets) {
      const ink = css(set.ink);
      set.borderColor = ink;
      set.backgroundColor = set.fill ? `${ink}2e` : ink;
    }
    chart.update("none");
  };

  const charts = () => [...document.querySelectorAll(".desk-chart canvas")].map((one) => Chart.getChart(one)).filter(Boolean);

  const told = () => {
    for (const data of document.querySelectorAll("script[data-chart]")) {
      const canvas = document.getElementById(data.dataset.chart)?.querySelector("canvas");
      if (!canvas) continue;
      let chart = Chart.getChart(canvas);
      if (!chart) {
        // It has come with a part of the page that was empty before.
        chart = new Chart(canvas, { type: canvas.dataset.type, data: JSON.parse(data.textContent), options: JSON.parse(canvas.dataset.options) });
      } else {
        chart.data = JSON.parse(data.textContent);
      }
      coloured(chart);
    }
  };

  window.addEventListener("load", () => {
    told();
    new MutationObserver(() => charts().forEach(coloured)).observe(document.documentElement, { attributeFilter: ["class"] });
  });
  document.addEventListener("htmx:afterSettle", told);
})();
