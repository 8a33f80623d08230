// Occlusion sensitivity: cover a place of the face, read again, see what is lost. The
// same definition as emolib.explain.occlusion_sensitivity (Zeiler & Fergus 2014): a
// grey square of 16 pixels moves by 8, and each pixel gets the mean over the squares
// that cover it. That is 50 readings, so a worker does them while the page stays awake.
globalThis.lab ??= {};

// The worker: its text and that of the engine travel in a Blob, because a page on a
// disk (file://) may start no worker from a file. So it uses nothing that lies outside.
lab.occlusionWorker = function occlusionWorker(engine) {
  const [SIDE, SQUARE, STEP] = [64, 16, 8];
  let network, wanted; // `wanted`: number of the question that was asked last

  // A pause in which a newer question, or a cancellation, is heard: a message to
  // oneself, because a timer would wait 4 ms each time.
  const channel = new MessageChannel();
  const paused = [];
  channel.port1.onmessage = () => paused.shift()();
  const pause = () =>
    new Promise((resume) => {
      paused.push(resume);
      channel.port2.postMessage(null);
    });

  const answer = (face) => [...network.read(face)].at(-1)[1].data;
  // NumPy rounds a half to the even number.
  const rounded = (x) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

  async function occlusionMap(number, face, emotion) {
    const shares = answer(face).slice();
    const index = emotion ?? shares.indexOf(Math.max(...shares));
    const grey = rounded(face.reduce((sum, value) => sum + value) / face.length);
    const lost = new Float32Array(SIDE * SIDE);
    const times = new Float32Array(SIDE * SIDE);
    for (let top = 0; top <= SIDE - SQUARE; top += STEP) {
      for (let left = 0; left <= SIDE - SQUARE; left += STEP) {
        await pause();
        if (number !== wanted) return null;
        const covered = face.slice();
        const square = [];
        for (let y = top; y < top + SQUARE; y++) {
          for (let x = left; x < left + SQUARE; x++) square.push(y * SIDE + x);
        }
        for (const place of square) covered[place] = grey;
        const fall = shares[index] - answer(covered)[index];
        for (const place of square) {
          lost[place] += fall;
          times[place] += 1;
        }
      }
    }
    return { map: lost.map((sum, place) => sum / times[place]), emotion: index };
  }

  self.onmessage = async ({ data: { plan, number, face, emotion } }) => {
    wanted = number;
    if (plan) network = engine.startNetwork(plan);
    if (!face) return;
    try {
      self.postMessage({ number, found: await occlusionMap(number, face, emotion) });
    } catch (error) {
      self.postMessage({ number, fault: String(error) });
    }
  };
};

// Start a worker for a network. `map(face, emotion)` takes 4096 grey values, 0 to 255,
// and the number of an emotion (default: the one on top); it promises { map, emotion },
// the map a Float32Array of 4096: probability lost, -1 to 1. A new question, or
// `cancel()`, makes the one before it end with null. `close()` ends the worker.
lab.occlusionMaps = (plan) => {
  const text = `(${lab.occlusionWorker})((${lab.networkEngine})());`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  let [number, waiting] = [0, null];

  const settle = (how, value) => {
    const { [how]: end } = waiting ?? {};
    waiting = null;
    end?.(value);
  };
  const cancel = () => {
    number += 1;
    worker.postMessage({ number });
    settle("done", null);
  };
  worker.onmessage = ({ data }) => {
    if (data.number !== number) return;
    if (data.fault) settle("failed", new Error(data.fault));
    else settle("done", data.found);
  };
  worker.onerror = (event) => settle("failed", new Error(event.message || "no worker"));
  worker.postMessage({ plan, number });
  return {
    cancel,
    map(face, emotion = null) {
      cancel();
      const asked = new Promise((done, failed) => (waiting = { done, failed }));
      worker.postMessage({ number, face: Float32Array.from(face), emotion });
      return asked;
    },
    close() {
      cancel();
      worker.terminate();
    },
  };
};
