// The page of a report: all of it is here.

unpack("runs").then((raws) => {
  take(raws, new Packed());
  controls();
  show();
  document.documentElement.dataset.ready = "yes";
}).catch(tellWrong);
